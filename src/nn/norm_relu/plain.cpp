#include <ATen/ATen.h>

#include <tuple>

#include "nn/norm_relu/kernels.h"

namespace chestmap::plain {

ChannelMoments channel_moments(const at::Tensor& rows) {
  const auto [variance, mean] = at::var_mean(
      rows.scalar_type() == at::kDouble ? rows : rows.to(at::kFloat), at::IntArrayRef{0},
      /*unbiased=*/false);
  return {mean.to(at::kDouble), variance.to(at::kDouble)};
}

void norm_relu_forward(const at::Tensor& rows, const NormReluFactors& factors,
                       const at::Tensor& y) {
  y.copy_(at::relu(rows * factors.scale + factors.shift));
}

namespace {

at::Tensor passed(const at::Tensor& dy, const at::Tensor& rows, const NormReluFactors& factors) {
  return dy * (rows * factors.scale + factors.shift > 0);
}

}  // namespace

at::Tensor norm_relu_sums(const at::Tensor& dy, const at::Tensor& rows,
                          const NormReluFactors& factors, const at::Tensor& centre) {
  const at::Tensor own = passed(dy, rows, factors);
  return at::stack(
      {(own * (rows - centre)).sum(0, false, at::kDouble), own.sum(0, false, at::kDouble)});
}

void norm_relu_backward(const at::Tensor& dy, const at::Tensor& rows,
                        const NormReluFactors& factors, const at::Tensor& dx, bool add) {
  const at::Tensor value =
      factors.scale * passed(dy, rows, factors) + factors.slope * rows + factors.offset;
  if (add)
    dx.add_(value);
  else
    dx.copy_(value);
}

}  // namespace chestmap::plain
