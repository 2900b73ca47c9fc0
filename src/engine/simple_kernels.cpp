#include "engine/simple_kernels.h"

#include <algorithm>
#include <utility>

#include "engine/affine.h"
#include "engine/simd.h"

namespace chestmap::engine {

namespace {

class BlockedAffine : public Kernel {
 public:
  BlockedAffine(Affine affine, std::int64_t pixels) : affine_(std::move(affine)), pixels_(pixels) {}
  void run(const Operands& o, int threads) const override {
    apply(affine_, o.inputs[0], pixels_, o.output, threads);
  }
  const char* name() const override { return "own"; }

 private:
  Affine affine_;
  std::int64_t pixels_;
};

class PlanarAffine : public Kernel {
 public:
  PlanarAffine(Affine affine, std::int64_t pixels) : affine_(std::move(affine)), pixels_(pixels) {}
  void run(const Operands& o, int threads) const override {
    const auto channels = static_cast<std::int64_t>(affine_.scale.size());
#pragma omp parallel for num_threads(threads) schedule(static)
    for (std::int64_t c = 0; c < channels; ++c) {
      const auto at = static_cast<std::size_t>(c);
      for (std::int64_t p = c * pixels_; p < (c + 1) * pixels_; ++p) {
        const float value = o.inputs[0][p] * affine_.scale[at] + affine_.shift[at];
        o.output[p] = affine_.relu ? std::max(value, 0.0F) : value;
      }
    }
  }
  const char* name() const override { return "own"; }

 private:
  Affine affine_;
  std::int64_t pixels_;
};

/// A row of one block's output; `y` counts its rows.
CHESTMAP_SIMD
void pool_row(const Pooling& pooling, const float* input, std::int64_t height, std::int64_t width,
              float* output, std::int64_t out_width, std::int64_t y) {
  const std::int64_t top = y * pooling.stride - pooling.padding;
  const std::int64_t first_y = std::max<std::int64_t>(top, 0);
  const std::int64_t last_y = std::min(top + pooling.kernel, height);
  for (std::int64_t x = 0; x < out_width; ++x) {
    const std::int64_t left = x * pooling.stride - pooling.padding;
    const std::int64_t first_x = std::max<std::int64_t>(left, 0);
    const std::int64_t last_x = std::min(left + pooling.kernel, width);
    Block result{};
    if (pooling.maximum) result = block_at(input + (first_y * width + first_x) * kBlock);
    for (std::int64_t iy = first_y; iy < last_y; ++iy)
      for (std::int64_t ix = first_x; ix < last_x; ++ix) {
        const Block& value = block_at(input + (iy * width + ix) * kBlock);
        if (pooling.maximum)
          result = value > result ? value : result;
        else
          result += value;
      }
    if (!pooling.maximum) result /= static_cast<float>(pooling.kernel * pooling.kernel);
    block_at(output + x * kBlock) = result;
  }
}

class BlockedPooling : public Kernel {
 public:
  BlockedPooling(const Pooling& pooling, const Tensor& read, const Tensor& written)
      : pooling_(pooling),
        height_(read.height),
        width_(read.width),
        out_height_(written.height),
        out_width_(written.width),
        blocks_(read.physical / kBlock) {}
  void run(const Operands& o, int threads) const override {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (std::int64_t r = 0; r < blocks_ * out_height_; ++r)
      pool_row(pooling_, o.inputs[0] + r / out_height_ * height_ * width_ * kBlock, height_, width_,
               o.output + r * out_width_ * kBlock, out_width_, r % out_height_);
  }
  const char* name() const override { return "own"; }

 private:
  Pooling pooling_;
  std::int64_t height_;
  std::int64_t width_;
  std::int64_t out_height_;
  std::int64_t out_width_;
  std::int64_t blocks_;
};

class LayoutChange : public Kernel {
 public:
  LayoutChange(const Tensor& read, const Tensor& written)
      : pixels_(read.pixels()),
        to_blocked_(written.blocked),
        positions_((to_blocked_ ? written : read).positions),
        written_(written.elements()) {}
  void run(const Operands& o, int threads) const override {
    if (to_blocked_ && positions_.size() * static_cast<std::size_t>(pixels_) < written_)
      std::fill_n(o.output, written_, 0.0F);
    const auto channels = static_cast<std::int64_t>(positions_.size());
#pragma omp parallel for num_threads(threads) schedule(static)
    for (std::int64_t c = 0; c < channels; ++c) {
      const std::int64_t position = positions_[static_cast<std::size_t>(c)];
      const std::int64_t blocked = position / kBlock * pixels_ * kBlock + position % kBlock;
      for (std::int64_t p = 0; p < pixels_; ++p)
        if (to_blocked_)
          o.output[blocked + p * kBlock] = o.inputs[0][c * pixels_ + p];
        else
          o.output[c * pixels_ + p] = o.inputs[0][blocked + p * kBlock];
    }
  }
  const char* name() const override { return "own"; }

 private:
  std::int64_t pixels_;
  bool to_blocked_;
  std::vector<std::int64_t> positions_;  // of the blocked one
  std::size_t written_;
};

class CopyKernel : public Kernel {
 public:
  explicit CopyKernel(std::size_t elements) : elements_(elements) {}
  void run(const Operands& o, int /*threads*/) const override {
    std::copy_n(o.inputs[0], elements_, o.output);
  }
  const char* name() const override { return "own"; }

 private:
  std::size_t elements_;
};

}  // namespace

std::unique_ptr<Kernel> make_affine(const Affine& affine, const Tensor& read) {
  if (read.blocked) return std::make_unique<BlockedAffine>(affine, read.pixels());
  return std::make_unique<PlanarAffine>(affine, read.pixels());
}

std::unique_ptr<Kernel> make_pooling(const Pooling& pooling, const Tensor& read,
                                     const Tensor& written) {
  return std::make_unique<BlockedPooling>(pooling, read, written);
}

std::unique_ptr<Kernel> make_reorder(const Tensor& read, const Tensor& written) {
  return std::make_unique<LayoutChange>(read, written);
}

std::unique_ptr<Kernel> make_copy(const Tensor& read) {
  return std::make_unique<CopyKernel>(read.elements());
}

}  // namespace chestmap::engine
