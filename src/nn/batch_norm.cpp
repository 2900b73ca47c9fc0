#include "nn/batch_norm.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <torch/autograd.h>
#include <torch/custom_class.h>

#include <stdexcept>
#include <tuple>
#include <utility>

namespace chestmap {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

at::Tensor per_channel(const at::Tensor& values) { return values.view({1, -1, 1, 1}); }

/// Carries a function through torch's graph.
struct SumHolder : torch::CustomClassHolder {
  explicit SumHolder(SumOverRanks function) : sum(std::move(function)) {}
  SumOverRanks sum;
};

/// Normalises x (N x C x H x W) by the moments of all processes; backward goes through these, too.
class SynchronisedNorm : public torch::autograd::Function<SynchronisedNorm> {
 public:
  static Variable forward(AutogradContext* context, const Variable& x, const Variable& weight,
                          const Variable& bias, const BatchMoments& moments, double epsilon,
                          bool counted, const SumOverRanks& sum) {
    const at::Tensor mean = moments.mean.to(x.scalar_type());
    const at::Tensor variance = moments.variance.to(x.scalar_type());
    context->save_for_backward({x, weight, mean, variance, moments.count});
    context->saved_data["epsilon"] = epsilon;
    context->saved_data["sum"] = c10::IValue::make_capsule(c10::make_intrusive<SumHolder>(sum));
    context->saved_data["counted"] = counted;
    return std::get<0>(at::native_batch_norm(x, weight, bias, mean, variance,
                                             /*training=*/false, /*momentum=*/0.0, epsilon));
  }

  /// With g = weight / deviation, n pixels in all and means over them all:
  ///   dx = g (dy - mean(dy) - x^ mean(dy x^)),  x^ = (x - mean) / deviation
  /// The first term is that of fixed moments, and the sums for the others are the gradients of
  /// weight and bias. Those of the parameters are this process's alone, as all gradients are.
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Variable& x = saved[0];
    const Variable& weight = saved[1];
    const double epsilon = context->saved_data["epsilon"].toDouble();
    const Variable& count = saved[4];
    const auto channels = x.size(1);
    const bool counted = context->saved_data["counted"].toBool();
    at::Tensor dx = at::zeros_like(x);
    at::Tensor sums = at::zeros({2 * channels}, x.options().dtype(at::kDouble));
    if (counted) {
      const at::Tensor dy = gradients[0].contiguous(x.suggest_memory_format());
      at::Tensor by_weight;
      at::Tensor by_bias;
      std::tie(dx, by_weight, by_bias) = at::native_batch_norm_backward(
          dy, x, weight, saved[2], saved[3], {}, {}, /*train=*/false, epsilon, {true, true, true});
      sums.narrow(0, 0, channels).copy_(by_weight);
      sums.narrow(0, channels, channels).copy_(by_bias);
    }
    const at::Tensor own = sums.to(x.scalar_type());
    c10::static_intrusive_pointer_cast<SumHolder>(context->saved_data["sum"].toCapsule())
        ->sum(sums);
    if (counted) {
      const at::Tensor inverse = (saved[3].to(at::kDouble) + epsilon).rsqrt();
      const at::Tensor g = inverse * weight.to(at::kDouble);
      const at::Tensor slope = -g * inverse * sums.narrow(0, 0, channels) / count;
      const at::Tensor offset =
          -g * sums.narrow(0, channels, channels) / count - slope * saved[2].to(at::kDouble);
      dx.addcmul_(x, per_channel(slope.to(x.scalar_type())))
          .add_(per_channel(offset.to(x.scalar_type())));
    }
    return {dx, own.narrow(0, 0, channels), own.narrow(0, channels, channels), {}, {}, {}, {}};
  }
};

}  // namespace

BatchNorm2dImpl::BatchNorm2dImpl(const torch::nn::BatchNormOptions& batch_options)
    : NormImplBase(batch_options) {}

void BatchNorm2dImpl::_check_input_dim(const at::Tensor& x) {
  if (x.dim() != 4) throw std::invalid_argument("batch norm of images takes N x C x H x W");
}

at::Tensor BatchNorm2dImpl::forward(const at::Tensor& x) {
  _check_input_dim(x);
  const double momentum = options.momentum().value();
  if (is_training()) num_batches_tracked += 1;
  if (!sum_ || !is_training())
    return at::batch_norm(x, weight, bias, running_mean, running_var, is_training(), momentum,
                          options.eps(), at::globalContext().userEnabledCuDNN());
  BatchMoments moments;
  {
    const at::NoGradGuard no_gradient;
    const auto [variance, mean] = at::var_mean(x, at::IntArrayRef{0, 2, 3}, /*unbiased=*/false);
    moments = moments_of_all(mean.to(at::kDouble), variance.to(at::kDouble), x.numel() / x.size(1));
    move_statistics(moments);
  }
  // Torch's graph takes no undefined inputs.
  const at::Tensor factor = weight.defined() ? weight : at::ones_like(running_mean);
  const at::Tensor shift = bias.defined() ? bias : at::zeros_like(running_mean);
  return SynchronisedNorm::apply(x, factor, shift, moments, options.eps(), counted_, sum_);
}

/// Each process's own moments are exact to the images' type; their sums, squares among them, are
/// in doubles, so that nothing cancels that those have kept.
BatchMoments BatchNorm2dImpl::moments_of_all(const at::Tensor& mean, const at::Tensor& variance,
                                             std::int64_t pixels) const {
  const auto count = static_cast<double>(pixels);
  if (!sum_) return {mean, variance, at::full({}, count, mean.options())};
  const auto channels = mean.size(0);
  const at::Tensor sums = at::zeros({2 * channels + 1}, mean.options());
  if (counted_) {
    sums.narrow(0, 0, channels).copy_(mean * count);
    sums.narrow(0, channels, channels).copy_((variance + mean.square()) * count);
    sums.narrow(0, 2 * channels, 1).fill_(count);
  }
  sum_(sums);
  const at::Tensor all = sums[2 * channels];
  const at::Tensor of_all = sums.narrow(0, 0, channels) / all;
  return {of_all, (sums.narrow(0, channels, channels) / all - of_all.square()).clamp_min(0.0), all};
}

NormVectors BatchNorm2dImpl::vectors() const {
  return {weight.detach(), bias.detach(),       running_mean,
          running_var,     num_batches_tracked, options.momentum().value(),
          options.eps()};
}

void BatchNorm2dImpl::track(const BatchMoments& moments) {
  const at::NoGradGuard no_gradient;
  num_batches_tracked += 1;
  move_statistics(moments);
}

void BatchNorm2dImpl::move_statistics(const BatchMoments& moments) {
  const double momentum = options.momentum().value();
  running_mean.lerp_(moments.mean.to(running_mean.scalar_type()), momentum);
  const at::Tensor unbiased = moments.variance * (moments.count / (moments.count - 1.0));
  running_var.lerp_(unbiased.to(running_var.scalar_type()), momentum);
}

}  // namespace chestmap
