#include "nn/norm_relu/kernels.h"

#include <stdexcept>

#include "nn/norm_relu/cpu.h"
#ifdef CHESTMAP_CUDA
#include "nn/norm_relu/cuda.h"
#endif

namespace chestmap {

namespace {

bool fits_cpu(const at::Tensor& rows) { return rows.is_cpu() && rows.scalar_type() == at::kFloat; }

bool fits_gpu(const at::Tensor& rows) {
#ifdef CHESTMAP_CUDA
  return rows.is_cuda() &&
         (rows.scalar_type() == at::kFloat || rows.scalar_type() == at::kBFloat16);
#else
  (void)rows;
  return false;
#endif
}

}  // namespace

#ifndef CHESTMAP_CUDA
// Never called: nothing fits a GPU.
namespace cuda = plain;
#endif

ChannelMoments channel_moments(const at::Tensor& rows) {
  if (fits_cpu(rows)) return cpu::channel_moments(rows);
  return fits_gpu(rows) ? cuda::channel_moments(rows) : plain::channel_moments(rows);
}

void norm_relu_forward(const at::Tensor& rows, const NormReluFactors& factors,
                       const at::Tensor& y) {
  if (fits_cpu(rows)) return cpu::norm_relu_forward(rows, factors, y);
  return fits_gpu(rows) ? cuda::norm_relu_forward(rows, factors, y)
                        : plain::norm_relu_forward(rows, factors, y);
}

at::Tensor norm_relu_sums(const at::Tensor& dy, const at::Tensor& rows,
                          const NormReluFactors& factors, const at::Tensor& centre) {
  if (fits_cpu(rows)) return cpu::norm_relu_sums(dy, rows, factors, centre);
  return fits_gpu(rows) ? cuda::norm_relu_sums(dy, rows, factors, centre)
                        : plain::norm_relu_sums(dy, rows, factors, centre);
}

void norm_relu_backward(const at::Tensor& dy, const at::Tensor& rows,
                        const NormReluFactors& factors, const at::Tensor& dx, bool add) {
  if (fits_cpu(rows)) return cpu::norm_relu_backward(dy, rows, factors, dx, add);
  return fits_gpu(rows) ? cuda::norm_relu_backward(dy, rows, factors, dx, add)
                        : plain::norm_relu_backward(dy, rows, factors, dx, add);
}

bool has_norm_kernels(const at::Tensor& rows) { return fits_gpu(rows); }

#ifdef CHESTMAP_CUDA

AppliedNorm moved_factors(const NormVectors& norm, const ChannelMoments& moments,
                          std::int64_t pixels) {
  return cuda::moved_factors(norm, moments, pixels);
}

NormGradient whole_gradient(const at::Tensor& dy, const at::Tensor& rows, const AppliedNorm& by,
                            const at::Tensor& dx, bool add) {
  return cuda::whole_gradient(dy, rows, by, dx, add);
}

#else

AppliedNorm moved_factors(const NormVectors& /*norm*/, const ChannelMoments& /*moments*/,
                          std::int64_t /*pixels*/) {
  throw std::logic_error("this build has no kernels of norms");
}

NormGradient whole_gradient(const at::Tensor& /*dy*/, const at::Tensor& /*rows*/,
                            const AppliedNorm& /*by*/, const at::Tensor& /*dx*/, bool /*add*/) {
  throw std::logic_error("this build has no kernels of norms");
}

#endif

}  // namespace chestmap
