#ifdef CHESTMAP_CUDA

#include "nn/norm_relu/cuda.h"

#include <ATen/ATen.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <stdexcept>
#include <utility>

#include "nn/norm_relu/launch.h"

namespace chestmap::cuda {

namespace {

/// One pass over rows: the device is theirs while it lives.
class Queued {
 public:
  explicit Queued(const at::Tensor& rows)
      : guard_(rows.device()),
        pass_{rows.size(0), static_cast<int>(rows.size(1)), rows.scalar_type() == at::kBFloat16,
              c10::cuda::getCurrentCUDAStream(rows.device().index()).stream()} {}

  operator const device::Pass&() const { return pass_; }  // NOLINT(google-explicit-constructor)

 private:
  c10::cuda::CUDAGuard guard_;
  device::Pass pass_;
};

device::RawRows raw(const at::Tensor& rows) {
  if (rows.size(1) != 1 && rows.stride(1) != 1)
    throw std::logic_error("the values of a row must lie one behind the other");
  return {rows.data_ptr(), rows.stride(0)};
}

at::Tensor doubles(const at::Tensor& rows, at::IntArrayRef sizes) {
  return at::empty(sizes, rows.options().dtype(at::kDouble));
}

at::Tensor floats(const at::Tensor& rows) {
  return at::empty({rows.size(1)}, rows.options().dtype(at::kFloat));
}

double* numbers(const at::Tensor& tensor) { return tensor.data_ptr<double>(); }
float* values(const at::Tensor& tensor) { return tensor.data_ptr<float>(); }

device::Factors raw(const AppliedNorm& by) {
  return {values(by.scale), values(by.shift), values(by.mean), numbers(by.inverse)};
}

}  // namespace

ChannelMoments channel_moments(const at::Tensor& rows) {
  const Queued pass(rows);
  const at::Tensor workspace = doubles(rows, {device::workspace_size()});
  ChannelMoments moments{doubles(rows, {rows.size(1)}), doubles(rows, {rows.size(1)})};
  device::launch_moments(pass, raw(rows), numbers(workspace), numbers(moments.mean),
                         numbers(moments.variance));
  return moments;
}

void norm_relu_forward(const at::Tensor& rows, const NormReluFactors& factors,
                       const at::Tensor& y) {
  const Queued pass(rows);
  device::launch_forward(pass, raw(rows), raw(y), values(factors.scale), values(factors.shift));
}

at::Tensor norm_relu_sums(const at::Tensor& dy, const at::Tensor& rows,
                          const NormReluFactors& factors, const at::Tensor& centre) {
  const Queued pass(rows);
  const at::Tensor workspace = doubles(rows, {device::workspace_size()});
  at::Tensor sums = doubles(rows, {2, rows.size(1)});
  device::launch_sums(pass, raw(dy), raw(rows), values(factors.scale), values(factors.shift),
                      values(centre), numbers(workspace), numbers(sums));
  return sums;
}

void norm_relu_backward(const at::Tensor& dy, const at::Tensor& rows,
                        const NormReluFactors& factors, const at::Tensor& dx, bool add) {
  const Queued pass(rows);
  device::launch_backward(pass, raw(dy), raw(rows), raw(dx), values(factors.scale),
                          values(factors.shift), values(factors.slope), values(factors.offset),
                          add);
}

namespace {

/// One kernel over the channels of a norm.
struct OverChannels {
  OverChannels(const NormVectors& norm, std::int64_t pixels)
      : guard(norm.weight.device()),
        pass{pixels, static_cast<int>(norm.weight.size(0)), false,
             c10::cuda::getCurrentCUDAStream(norm.weight.device().index()).stream()},
        by{at::empty_like(norm.weight), at::empty_like(norm.weight), at::empty_like(norm.weight),
           at::empty_like(norm.weight, norm.weight.options().dtype(at::kDouble))},
        vectors{values(norm.weight),
                values(norm.bias),
                values(norm.running_mean),
                values(norm.running_var),
                norm.batches.data_ptr<std::int64_t>(),
                norm.momentum,
                norm.epsilon} {}

  c10::cuda::CUDAGuard guard;
  device::Pass pass;
  AppliedNorm by;
  device::Norm vectors;
};

}  // namespace

AppliedNorm moved_factors(const NormVectors& norm, const ChannelMoments& moments,
                          std::int64_t pixels) {
  OverChannels over(norm, pixels);
  device::launch_norm_factors(over.pass, numbers(moments.mean), numbers(moments.variance),
                              over.vectors, raw(over.by));
  return std::move(over.by);
}

AppliedNorm stored_factors(const NormVectors& norm) {
  OverChannels over(norm, 0);
  device::launch_stored_factors(over.pass, over.vectors, raw(over.by));
  return std::move(over.by);
}

NormGradient whole_gradient(const at::Tensor& dy, const at::Tensor& rows, const AppliedNorm& by,
                            const at::Tensor& dx, bool add) {
  const Queued pass(rows);
  const at::Tensor workspace = doubles(rows, {device::workspace_size()});
  NormGradient gradient{floats(rows), floats(rows)};
  const at::Tensor slope = floats(rows);
  const at::Tensor offset = floats(rows);
  device::launch_gradient_factors(
      pass, raw(dy), raw(rows), raw(by), numbers(workspace),
      {values(gradient.weight), values(gradient.bias), values(slope), values(offset)});
  device::launch_backward(pass, raw(dy), raw(rows), raw(dx), values(by.scale), values(by.shift),
                          values(slope), values(offset), add);
  return gradient;
}

}  // namespace chestmap::cuda

#endif
