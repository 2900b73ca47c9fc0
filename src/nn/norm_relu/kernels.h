#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace chestmap {

// The passes over memory of a batch norm with the ReLU behind it. Images that lie channels-last are
// given as rows: pixels x channels, of which a row's values lie one behind the other and rows any
// distance apart, so that some of an image's channels are rows as well. What holds a value a
// channel is contiguous. Single precision on the CPU, and single precision and bfloat16 on a GPU,
// have kernels of their own; everything else goes through `plain`.

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

// What lies between the passes takes a few operations on C values, each of which costs a GPU as
// much as a small pass. There it is one kernel, where no other process has a part in the moments.

/// A batch norm: C values each, single precision; `batches` counts them, one 64-bit number.
struct NormVectors {
  at::Tensor weight;
  at::Tensor bias;
  at::Tensor running_mean;
  at::Tensor running_var;
  at::Tensor batches;
  double momentum = 0.0;
  double epsilon = 0.0;
};

/// What a norm does to its rows, and what its gradient needs of it: C values each.
struct AppliedNorm {
  at::Tensor scale;  ///< of the type that the rows are computed in, as shift and mean
  at::Tensor shift;
  at::Tensor mean;
  at::Tensor inverse;  ///< of the deviation, doubles
};

struct NormGradient {
  at::Tensor weight;
  at::Tensor bias;
};

/// Whether the functions below can be called for these rows.
[[nodiscard]] bool has_norm_kernels(const at::Tensor& rows);
/// From the moments of `pixels` pixels, which move the running statistics.
[[nodiscard]] AppliedNorm moved_factors(const NormVectors& norm, const ChannelMoments& moments,
                                        std::int64_t pixels);
/// From the running statistics.
[[nodiscard]] AppliedNorm stored_factors(const NormVectors& norm);
/// The gradient through norm and ReLU, and through the moments of all of the rows, into `dx` or
/// added to what is there.
[[nodiscard]] NormGradient whole_gradient(const at::Tensor& dy, const at::Tensor& rows,
                                          const AppliedNorm& by, const at::Tensor& dx, bool add);

}  // namespace chestmap
