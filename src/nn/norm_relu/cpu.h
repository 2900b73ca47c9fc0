#pragma once

#include "nn/norm_relu/kernels.h"

/// Single precision on the CPU. Sums do not depend on the number of threads.
namespace chestmap::cpu {

[[nodiscard]] ChannelMoments channel_moments(const at::Tensor& rows);
void norm_relu_forward(const at::Tensor& rows, const NormReluFactors& factors, const at::Tensor& y);
[[nodiscard]] at::Tensor norm_relu_sums(const at::Tensor& dy, const at::Tensor& rows,
                                        const NormReluFactors& factors, const at::Tensor& centre);
void norm_relu_backward(const at::Tensor& dy, const at::Tensor& rows,
                        const NormReluFactors& factors, const at::Tensor& dx, bool add);

}  // namespace chestmap::cpu
