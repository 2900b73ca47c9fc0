#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <functional>
#include <utility>

#include "nn/norm_relu/kernels.h"

namespace chestmap {

/// Makes a contiguous tensor of doubles its sum over the processes that train together.
using SumOverRanks = std::function<void(const at::Tensor&)>;

/// Of the images of all processes, a value a channel, doubles.
struct BatchMoments {
  at::Tensor mean;
  at::Tensor variance;  ///< biased
  at::Tensor count;     ///< images times pixels, a scalar
};

/// Torch's batch norm of images, to the bit, whose training statistics may be those of the images
/// of several processes. Not derived from torch's own, whose vtable libtorch 1.13 does not export
/// whole.
class BatchNorm2dImpl
    : public torch::nn::NormImplBase<2, BatchNorm2dImpl, torch::nn::BatchNormOptions> {
 public:
  explicit BatchNorm2dImpl(std::int64_t channels)
      : BatchNorm2dImpl(torch::nn::BatchNormOptions(channels)) {}
  explicit BatchNorm2dImpl(const torch::nn::BatchNormOptions& batch_options);

  [[nodiscard]] at::Tensor forward(const at::Tensor& x);

  // Its parts, for functions that normalise by themselves (nn/dense_block.h).

  /// Whether it normalises by moments of the images, and not by stored ones.
  [[nodiscard]] bool uses_images() const { return is_training(); }
  /// From the moments of this process's own images (C, doubles) over `pixels` pixels.
  [[nodiscard]] BatchMoments moments_of_all(const at::Tensor& mean, const at::Tensor& variance,
                                            std::int64_t pixels) const;
  /// Moves the running statistics towards the moments of a training step.
  void track(const BatchMoments& moments);
  [[nodiscard]] NormVectors vectors() const;
  [[nodiscard]] const SumOverRanks& sum_over_ranks() const noexcept { return sum_; }
  [[nodiscard]] bool counts_images() const noexcept { return counted_; }

  /// From now on mean and variance, and the gradient through them, are of the images of all
  /// processes in training.
  void synchronise(SumOverRanks sum) { sum_ = std::move(sum); }
  /// Whether the images that come count: a process without any sends one that does not, since
  /// libtorch 1.13 convolves no empty batches.
  void count_images(bool on) { counted_ = on; }

 protected:
  void _check_input_dim(const at::Tensor& x) override;

 private:
  void move_statistics(const BatchMoments& moments);

  SumOverRanks sum_;
  bool counted_ = true;
};
TORCH_MODULE(BatchNorm2d);

}  // namespace chestmap
