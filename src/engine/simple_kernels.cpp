#include "engine/simple_kernels.h"

#include <algorithm>
#include <utility>

#include "engine/places.h"
#include "kernels/pooling.h"

namespace chestmap::engine {

namespace {

class BlockedAffine : public Kernel {
 public:
  BlockedAffine(Affine affine, const Tensor& read, const Tensor& written, kernels::Isa isa)
      : affine_(std::move(affine)),
        extent_(extent_of(read)),
        read_stride_(stride_of(read)),
        written_stride_(stride_of(written)),
        isa_(isa) {}
  void compute(const Operands& o, Team& team) const override {
    const std::size_t blocks = affine_.scale.size() / kernels::lanes;
    team.run(blocks, [&](std::size_t block, std::size_t /*member*/) {
      kernels::scale_shift_relu(isa_, extent_, blocks, {o.inputs[0], 0, read_stride_},
                                affine_.scale.data(), affine_.shift.data(),
                                {o.output, 0, written_stride_}, block, block + 1);
    });
  }
  const char* name() const override { return "scale, shift, ReLU"; }

 private:
  Affine affine_;
  kernels::Extent extent_;
  std::size_t read_stride_;
  std::size_t written_stride_;
  kernels::Isa isa_;
};

class PlanarAffine : public Kernel {
 public:
  PlanarAffine(Affine affine, std::int64_t pixels) : affine_(std::move(affine)), pixels_(pixels) {}
  void compute(const Operands& o, Team& team) const override {
    team.run(affine_.scale.size(), [&](std::size_t channel, std::size_t /*member*/) {
      const std::int64_t start = static_cast<std::int64_t>(channel) * pixels_;
      for (std::int64_t p = start; p < start + pixels_; ++p) {
        const float value = o.inputs[0][p] * affine_.scale[channel] + affine_.shift[channel];
        o.output[p] = affine_.relu ? std::max(value, 0.0F) : value;
      }
    });
  }
  const char* name() const override { return "scale, shift"; }

 private:
  Affine affine_;
  std::int64_t pixels_;
};

class MaxPoolingKernel : public Kernel {
 public:
  MaxPoolingKernel(const Tensor& read, const Tensor& written, kernels::Isa isa)
      : extent_(extent_of(read)),
        blocks_(kernels::blocks(static_cast<std::size_t>(read.physical))),
        read_stride_(stride_of(read)),
        written_stride_(stride_of(written)),
        isa_(isa) {}
  void compute(const Operands& o, Team& team) const override {
    team.run(blocks_, [&](std::size_t block, std::size_t /*member*/) {
      kernels::max_pool(isa_, extent_, blocks_, {o.inputs[0], 0, read_stride_},
                        {o.output, 0, written_stride_}, block, block + 1);
    });
  }
  const char* name() const override { return "maximum"; }

 private:
  kernels::Extent extent_;
  std::size_t blocks_;
  std::size_t read_stride_;
  std::size_t written_stride_;
  kernels::Isa isa_;
};

class LayoutChange : public Kernel {
 public:
  LayoutChange(const Tensor& read, const Tensor& written)
      : pixels_(read.pixels()),
        to_blocked_(written.blocked),
        stride_((to_blocked_ ? written : read).stride()),
        positions_((to_blocked_ ? written : read).positions),
        written_(written.floats()) {}
  void compute(const Operands& o, Team& team) const override {
    if (to_blocked_) std::fill_n(o.output, written_, 0.0F);
    team.run(positions_.size(), [&](std::size_t channel, std::size_t /*member*/) {
      const std::int64_t position = positions_[channel];
      const std::int64_t blocked = position / kBlock * stride_ + position % kBlock;
      const std::int64_t planar = static_cast<std::int64_t>(channel) * pixels_;
      for (std::int64_t p = 0; p < pixels_; ++p)
        if (to_blocked_)
          o.output[blocked + p * kBlock] = o.inputs[0][planar + p];
        else
          o.output[planar + p] = o.inputs[0][blocked + p * kBlock];
    });
  }
  const char* name() const override { return "layout"; }

 private:
  std::int64_t pixels_;
  bool to_blocked_;
  std::int64_t stride_;                  // of the blocked one
  std::vector<std::int64_t> positions_;  // in it
  std::size_t written_;
};

class CopyKernel : public Kernel {
 public:
  explicit CopyKernel(std::size_t floats) : floats_(floats) {}
  void compute(const Operands& o, Team& /*team*/) const override {
    std::copy_n(o.inputs[0], floats_, o.output);
  }
  const char* name() const override { return "copy"; }

 private:
  std::size_t floats_;
};

}  // namespace

std::unique_ptr<Kernel> make_affine(const Affine& affine, const Tensor& read, const Tensor& written,
                                    kernels::Isa isa) {
  if (read.blocked) return std::make_unique<BlockedAffine>(affine, read, written, isa);
  return std::make_unique<PlanarAffine>(affine, read.pixels());
}

std::unique_ptr<Kernel> make_max_pooling(const Tensor& read, const Tensor& written,
                                         kernels::Isa isa) {
  return std::make_unique<MaxPoolingKernel>(read, written, isa);
}

std::unique_ptr<Kernel> make_reorder(const Tensor& read, const Tensor& written) {
  return std::make_unique<LayoutChange>(read, written);
}

std::unique_ptr<Kernel> make_copy(const Tensor& read) {
  return std::make_unique<CopyKernel>(read.floats());
}

}  // namespace chestmap::engine
