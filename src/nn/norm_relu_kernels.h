#pragma once

#include <ATen/core/Tensor.h>

namespace chestmap {

// The passes over memory of a batch norm with the ReLU behind it. Images that lie channels-last are
// given as rows: pixels x channels, of which a row's values lie one behind the other and rows any
// distance apart, so that some of an image's channels are rows as well. What holds a value a
// channel is contiguous. Single precision on the CPU has kernels of its own, whose sums do not
// depend on the number of threads; everything else goes through `plain`.

/// A value a channel, doubles.
struct ChannelMoments {
  at::Tensor mean;
  at::Tensor variance;  ///< biased
};

/// y = max(0, scale x + shift); backward, with dy' = dy where y > 0,
/// dx = scale dy' + slope x + offset. Each C, of the rows' type, single precision for rows of fewer
/// bits.
struct NormReluFactors {
  at::Tensor scale;
  at::Tensor shift;
  at::Tensor slope;   ///< of the gradient alone
  at::Tensor offset;  ///< of the gradient alone
};

[[nodiscard]] ChannelMoments channel_moments(const at::Tensor& rows);
/// Into `y`, rows of the same size.
void norm_relu_forward(const at::Tensor& rows, const NormReluFactors& factors, const at::Tensor& y);
/// The sums over the rows of dy' (x - centre) and of dy': 2 x C, doubles.
[[nodiscard]] at::Tensor norm_relu_sums(const at::Tensor& dy, const at::Tensor& rows,
                                        const NormReluFactors& factors, const at::Tensor& centre);
/// dx into `dx`, or added to what is there.
void norm_relu_backward(const at::Tensor& dy, const at::Tensor& rows,
                        const NormReluFactors& factors, const at::Tensor& dx, bool add);

/// The same by torch's operations, for every type and device: what the kernels are compared with.
namespace plain {
[[nodiscard]] ChannelMoments channel_moments(const at::Tensor& rows);
void norm_relu_forward(const at::Tensor& rows, const NormReluFactors& factors, const at::Tensor& y);
[[nodiscard]] at::Tensor norm_relu_sums(const at::Tensor& dy, const at::Tensor& rows,
                                        const NormReluFactors& factors, const at::Tensor& centre);
void norm_relu_backward(const at::Tensor& dy, const at::Tensor& rows,
                        const NormReluFactors& factors, const at::Tensor& dx, bool add);
}  // namespace plain

}  // namespace chestmap
