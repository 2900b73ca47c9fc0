#include "engine/plain_convolution.h"

#include <algorithm>
#include <vector>

#include "engine/aligned.h"
#include "engine/simd.h"

namespace chestmap::engine {

namespace {

constexpr std::int64_t kTile = 6;  // pixels of a row that are summed at a time

/// A convolution over an input that is padded already.
struct Shape {
  std::int64_t groups = 0;  ///< blocks of the input, or its planar channels
  std::int64_t inner = 1;   ///< channels in each: 16 or 1
  std::int64_t height = 0;  ///< of the padded input
  std::int64_t width = 0;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t out_height = 0;
  std::int64_t out_width = 0;
};

/// Row `y` of output block `weight` (groups x kernel x kernel x inner x 16) is of.
CHESTMAP_SIMD
void convolve_row(const Shape& s, const float* input, const float* weight, const float* bias,
                  const float* added, bool relu, float* output, std::int64_t y) {
  for (std::int64_t x = 0; x < s.out_width; x += kTile) {
    const std::int64_t count = std::min(kTile, s.out_width - x);
    std::int64_t at[kTile];  // beyond the row's end its last pixel is computed again
    for (std::int64_t p = 0; p < kTile; ++p)
      at[p] = std::min(x + p, s.out_width - 1) * s.stride * s.inner;
    Block sum[kTile];
    for (std::int64_t p = 0; p < kTile; ++p) sum[p] = block_at(bias);
    const float* w = weight;
    for (std::int64_t g = 0; g < s.groups; ++g)
      for (std::int64_t ky = 0; ky < s.kernel; ++ky)
        for (std::int64_t kx = 0; kx < s.kernel; ++kx) {
          const float* from = input + ((g * s.height + y * s.stride + ky) * s.width + kx) * s.inner;
          for (std::int64_t i = 0; i < s.inner; ++i, w += kBlock)
            for (std::int64_t p = 0; p < kTile; ++p) sum[p] += from[at[p] + i] * block_at(w);
        }
    for (std::int64_t p = 0; p < count; ++p) {
      if (added != nullptr) sum[p] += block_at(added + (x + p) * kBlock);
      if (relu) sum[p] = sum[p] > 0.0F ? sum[p] : Block{};
      block_at(output + (x + p) * kBlock) = sum[p];
    }
  }
}

/// A row of the input into the padded one.
CHESTMAP_SIMD
void copy_row(const float* from, std::int64_t pixels, std::int64_t inner, const float* scale,
              const float* shift, bool relu, float* to) {
  if (scale == nullptr) {
    std::copy_n(from, pixels * inner, to);
    return;
  }
  for (std::int64_t x = 0; x < pixels; ++x)
    for (std::int64_t i = 0; i < inner; ++i) {
      const float value = from[x * inner + i] * scale[i] + shift[i];
      to[x * inner + i] = relu ? std::max(value, 0.0F) : value;
    }
}

class PlainConvolution : public Kernel {
 public:
  PlainConvolution(const Convolution& c, const Tensor& read, const Tensor& written)
      : padding_(c.padding),
        in_height_(read.height),
        in_width_(read.width),
        blocks_(written.physical / kBlock),
        relu_(c.relu),
        bias_(c.bias),
        before_(c.before) {
    shape_.inner = read.blocked ? kBlock : 1;
    shape_.groups = read.physical / shape_.inner;
    shape_.height = read.height + 2 * c.padding;
    shape_.width = read.width + 2 * c.padding;
    shape_.kernel = c.kernel;
    shape_.stride = c.stride;
    shape_.out_height = written.height;
    shape_.out_width = written.width;
    weight_ = packed(c, read.physical);
  }

  std::size_t workspace(int /*threads*/) const override {
    if (padding_ == 0 && !before_) return 0;
    return static_cast<std::size_t>(shape_.groups * shape_.inner * shape_.height * shape_.width);
  }

  void run(const Operands& o, int threads) const override {
    const float* input = workspace(threads) > 0 ? pad(o, threads) : o.inputs[0];
    const std::int64_t rows = blocks_ * shape_.out_height;
    const std::int64_t row = shape_.out_width * kBlock;
    const std::int64_t per_block = static_cast<std::int64_t>(weight_.size()) / blocks_;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::int64_t block = r / shape_.out_height;
      convolve_row(shape_, input, weight_.data() + block * per_block, bias_.data() + block * kBlock,
                   o.inputs[1] == nullptr ? nullptr : o.inputs[1] + r * row, relu_,
                   o.output + r * row, r % shape_.out_height);
    }
  }

  const char* name() const override { return "plain"; }

 private:
  [[nodiscard]] AlignedFloats packed(const Convolution& c, std::int64_t channels) const {
    AlignedFloats result(c.weight.size());
    const std::int64_t taps = c.kernel * c.kernel;
    float* to = result.data();
    for (std::int64_t b = 0; b < blocks_; ++b)
      for (std::int64_t g = 0; g < shape_.groups; ++g)
        for (std::int64_t t = 0; t < taps; ++t)
          for (std::int64_t i = 0; i < shape_.inner; ++i)
            for (std::int64_t o = 0; o < kBlock; ++o)
              *to++ = c.weight[static_cast<std::size_t>(
                  ((b * kBlock + o) * channels + g * shape_.inner + i) * taps + t)];
    return result;
  }

  const float* pad(const Operands& o, int threads) const {
    const std::int64_t rows = shape_.groups * shape_.height;
    const std::int64_t row = shape_.width * shape_.inner;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (std::int64_t r = 0; r < rows; ++r) {
      float* to = o.workspace + r * row;
      const std::int64_t group = r / shape_.height;
      const std::int64_t y = r % shape_.height - padding_;
      if (y < 0 || y >= in_height_) {
        std::fill_n(to, row, 0.0F);
        continue;
      }
      const std::int64_t border = padding_ * shape_.inner;
      std::fill_n(to, border, 0.0F);
      std::fill_n(to + row - border, border, 0.0F);
      const std::int64_t channel = group * shape_.inner;
      copy_row(o.inputs[0] + (group * in_height_ + y) * in_width_ * shape_.inner, in_width_,
               shape_.inner, before_ ? before_->scale.data() + channel : nullptr,
               before_ ? before_->shift.data() + channel : nullptr, before_ && before_->relu,
               to + border);
    }
    return o.workspace;
  }

  Shape shape_;
  std::int64_t padding_;
  std::int64_t in_height_;
  std::int64_t in_width_;
  std::int64_t blocks_;  // of the output
  bool relu_;
  AlignedFloats bias_;
  std::optional<Affine> before_;
  AlignedFloats weight_;
};

}  // namespace

std::unique_ptr<Kernel> make_plain_convolution(const Convolution& convolution, const Tensor& read,
                                               const Tensor& written) {
  return std::make_unique<PlainConvolution>(convolution, read, written);
}

}  // namespace chestmap::engine
