#pragma once

#include "nn/norm_relu/kernels.h"

/// Single precision and bfloat16 on a GPU, queued on its current stream: nothing waits. Throws
/// std::runtime_error where CUDA refuses a kernel.
namespace chestmap::cuda {

[[nodiscard]] ChannelMoments channel_moments(const at::Tensor& rows);
void norm_relu_forward(const at::Tensor& rows, const NormReluFactors& factors, const at::Tensor& y);
[[nodiscard]] at::Tensor norm_relu_sums(const at::Tensor& dy, const at::Tensor& rows,
                                        const NormReluFactors& factors, const at::Tensor& centre);
void norm_relu_backward(const at::Tensor& dy, const at::Tensor& rows,
                        const NormReluFactors& factors, const at::Tensor& dx, bool add);

[[nodiscard]] AppliedNorm moved_factors(const NormVectors& norm, const ChannelMoments& moments,
                                        std::int64_t pixels);
[[nodiscard]] AppliedNorm stored_factors(const NormVectors& norm);
[[nodiscard]] NormGradient whole_gradient(const at::Tensor& dy, const at::Tensor& rows,
                                          const AppliedNorm& by, const at::Tensor& dx, bool add);

}  // namespace chestmap::cuda
