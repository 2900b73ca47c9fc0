#include "nn/norm_relu/kernels.h"

#include <stdexcept>

#include "nn/norm_relu/cpu.h"
#ifdef CHESTMAP_CUDA
#include "nn/norm_relu/cuda.h"
#endif

namespace chestmap {

namespace {

/// One implementation of the passes.
struct Passes {
  decltype(&plain::channel_moments) moments;
  decltype(&plain::norm_relu_forward) forward;
  decltype(&plain::norm_relu_sums) sums;
  decltype(&plain::norm_relu_backward) backward;
};

constexpr Passes kPlain = {plain::channel_moments, plain::norm_relu_forward, plain::norm_relu_sums,
                           plain::norm_relu_backward};
constexpr Passes kCpu = {cpu::channel_moments, cpu::norm_relu_forward, cpu::norm_relu_sums,
                         cpu::norm_relu_backward};
#ifdef CHESTMAP_CUDA
constexpr Passes kCuda = {cuda::channel_moments, cuda::norm_relu_forward, cuda::norm_relu_sums,
                          cuda::norm_relu_backward};
#endif

const Passes& passes_over(const at::Tensor& rows) {
#ifdef CHESTMAP_CUDA
  if (has_norm_kernels(rows)) return kCuda;
#endif
  return rows.is_cpu() && rows.scalar_type() == at::kFloat ? kCpu : kPlain;
}

}  // namespace

ChannelMoments channel_moments(const at::Tensor& rows) { return passes_over(rows).moments(rows); }

void norm_relu_forward(const at::Tensor& rows, const NormReluFactors& factors,
                       const at::Tensor& y) {
  passes_over(rows).forward(rows, factors, y);
}

at::Tensor norm_relu_sums(const at::Tensor& dy, const at::Tensor& rows,
                          const NormReluFactors& factors, const at::Tensor& centre) {
  return passes_over(rows).sums(dy, rows, factors, centre);
}

void norm_relu_backward(const at::Tensor& dy, const at::Tensor& rows,
                        const NormReluFactors& factors, const at::Tensor& dx, bool add) {
  passes_over(rows).backward(dy, rows, factors, dx, add);
}

#ifdef CHESTMAP_CUDA

bool has_norm_kernels(const at::Tensor& rows) {
  return rows.is_cuda() &&
         (rows.scalar_type() == at::kFloat || rows.scalar_type() == at::kBFloat16);
}

AppliedNorm moved_factors(const NormVectors& norm, const ChannelMoments& moments,
                          std::int64_t pixels) {
  return cuda::moved_factors(norm, moments, pixels);
}

AppliedNorm stored_factors(const NormVectors& norm) { return cuda::stored_factors(norm); }

NormGradient whole_gradient(const at::Tensor& dy, const at::Tensor& rows, const AppliedNorm& by,
                            const at::Tensor& dx, bool add) {
  return cuda::whole_gradient(dy, rows, by, dx, add);
}

#else

bool has_norm_kernels(const at::Tensor& /*rows*/) { return false; }

AppliedNorm moved_factors(const NormVectors& /*norm*/, const ChannelMoments& /*moments*/,
                          std::int64_t /*pixels*/) {
  throw std::logic_error("this build has no kernels of norms");
}

AppliedNorm stored_factors(const NormVectors& /*norm*/) {
  throw std::logic_error("this build has no kernels of norms");
}

NormGradient whole_gradient(const at::Tensor& /*dy*/, const at::Tensor& /*rows*/,
                            const AppliedNorm& /*by*/, const at::Tensor& /*dx*/, bool /*add*/) {
  throw std::logic_error("this build has no kernels of norms");
}

#endif

}  // namespace chestmap
