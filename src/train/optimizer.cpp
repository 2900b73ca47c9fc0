#include "train/optimizer.h"

#include <ATen/ATen.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/error.h"

namespace chestmap {

namespace {

// Torch's defaults.
constexpr double kMeanDecay = 0.9;
constexpr double kSquareDecay = 0.999;
constexpr double kEpsilon = 1e-8;
// Keeps the division by a norm of 0 finite, as torch's clip_grad_norm_ does.
constexpr double kNormEpsilon = 1e-6;

std::vector<at::Tensor> zeros_like_all(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> zeros;
  zeros.reserve(tensors.size());
  for (const at::Tensor& tensor : tensors) zeros.push_back(at::zeros_like(tensor));
  return zeros;
}

}  // namespace

std::vector<ParameterGroup> parameter_groups(const Model& model, const TrainOptions& options) {
  const double rate = options.learning_rate;
  const double backbone_rate = rate * options.backbone_learning_rate_factor;
  std::vector<ParameterGroup> groups = {{{}, options.weight_decay, rate},
                                        {{}, 0.0, rate},
                                        {{}, 0.0, options.relevance_learning_rate},
                                        {{}, options.weight_decay, backbone_rate},
                                        {{}, 0.0, backbone_rate}};
  const bool own_backbone = options.backbone_learning_rate_factor != 1.0;
  for (const auto& item : model.named_parameters()) {
    if (!item.value().requires_grad()) continue;
    const std::size_t first = own_backbone && item.key().starts_with("backbone.") ? 3 : 0;
    const bool decayed = item.value().dim() == 4;
    const std::size_t group = item.key() == "head.relevance" ? 2 : first + (decayed ? 0 : 1);
    groups[group].parameters.push_back(item.value());
  }
  std::erase_if(groups, [](const ParameterGroup& group) { return group.parameters.empty(); });
  return groups;
}

UpdateRule update_rule_of(const std::string& name) {
  if (name == "sgd") return UpdateRule::sgd;
  if (name == "adam") return UpdateRule::adam;
  if (name == "adamw") return UpdateRule::adamw;
  throw UserError("unknown optimizer \"" + name + "\"", "known: adamw, adam, sgd");
}

Optimizer make_optimizer(const Model& model, const TrainOptions& options) {
  return {parameter_groups(model, options), update_rule_of(options.optimizer), options.momentum};
}

Optimizer::Optimizer(std::vector<ParameterGroup> groups, UpdateRule rule, double momentum)
    : rule_(rule), momentum_(momentum) {
  const at::NoGradGuard no_gradient;
  for (ParameterGroup& of : groups) {
    // Single precision on every device: torch's fused operations ask for it.
    const auto options = of.parameters.front().options().dtype(at::kFloat).requires_grad(false);
    Group group;
    group.rate = at::full({}, of.learning_rate, options);
    if (!steps_.defined()) steps_ = at::zeros({}, options);
    group.first = zeros_like_all(of.parameters);
    if (rule != UpdateRule::sgd) group.squares = zeros_like_all(of.parameters);
    group.of = std::move(of);
    groups_.push_back(std::move(group));
  }
}

void Optimizer::clear_gradients() {
  for (const Group& group : groups_)
    for (const at::Tensor& parameter : group.of.parameters) parameter.mutable_grad().reset();
}

void Optimizer::set_rate_factor(double factor) {
  for (Group& group : groups_) group.rate.fill_(group.of.learning_rate * factor);
}

std::vector<at::Tensor> Optimizer::gradients() const {
  std::vector<at::Tensor> gradients;
  for (const Group& group : groups_)
    for (const at::Tensor& parameter : group.of.parameters)
      if (parameter.grad().defined()) gradients.push_back(parameter.grad());
  return gradients;
}

void Optimizer::clip_gradients(double most) {
  const at::NoGradGuard no_gradient;
  const std::vector<at::Tensor> all = gradients();
  if (all.empty()) return;
  const at::Tensor norm = at::stack(at::_foreach_norm(all, 2)).norm();
  const at::Tensor factor = (most / (norm + kNormEpsilon)).clamp_max(1.0);
#if TORCH_VERSION_MAJOR >= 2
  at::_foreach_mul_(all, factor);
#else
  for (const at::Tensor& gradient : all) gradient.mul_(factor);
#endif
}

Optimizer::Moved Optimizer::moved(const Group& group) const {
  Moved of;
  for (std::size_t i = 0; i < group.of.parameters.size(); ++i) {
    const at::Tensor& parameter = group.of.parameters[i];
    if (!parameter.grad().defined()) continue;
    of.parameters.push_back(parameter.detach());
    of.gradients.push_back(parameter.grad());
    of.first.push_back(group.first[i]);
    if (!group.squares.empty()) of.squares.push_back(group.squares[i]);
    of.steps.push_back(steps_);
  }
  return of;
}

void Optimizer::step() {
  const at::NoGradGuard no_gradient;
  steps_.add_(1.0);
  for (const Group& group : groups_) {
    const Moved of = moved(group);
    if (!of.parameters.empty()) move(group, of);
  }
}

#if TORCH_VERSION_MAJOR >= 2

void Optimizer::move(const Group& group, const Moved& of) const {
  const double decay = group.of.weight_decay;
  switch (rule_) {
    case UpdateRule::sgd:
      // A momentum of zeros becomes the first gradient by itself.
      return at::_fused_sgd_(of.parameters, of.gradients, of.first, decay, momentum_, group.rate,
                             /*dampening=*/0.0, /*nesterov=*/false, /*maximize=*/false,
                             /*is_first_step=*/false);
    case UpdateRule::adam:
      return at::_fused_adam_(of.parameters, of.gradients, of.first, of.squares, {}, of.steps,
                              group.rate, kMeanDecay, kSquareDecay, decay, kEpsilon,
                              /*amsgrad=*/false, /*maximize=*/false);
    case UpdateRule::adamw:
      return at::_fused_adamw_(of.parameters, of.gradients, of.first, of.squares, {}, of.steps,
                               group.rate, kMeanDecay, kSquareDecay, decay, kEpsilon,
                               /*amsgrad=*/false, /*maximize=*/false);
  }
}

#else

void Optimizer::move(const Group& group, const Moved& of) const {
  const auto rate = group.rate.item<double>();
  const auto steps = steps_.item<double>();
  const double mean_share = 1.0 - std::pow(kMeanDecay, steps);
  const double square_share = 1.0 - std::pow(kSquareDecay, steps);
  const double decay = group.of.weight_decay;
  for (std::size_t i = 0; i < of.parameters.size(); ++i) {
    const at::Tensor& parameter = of.parameters[i];
    at::Tensor gradient = of.gradients[i];
    if (decay != 0.0 && rule_ == UpdateRule::adamw) parameter.mul_(1.0 - rate * decay);
    if (decay != 0.0 && rule_ != UpdateRule::adamw) gradient = gradient.add(parameter, decay);
    if (rule_ == UpdateRule::sgd) {
      parameter.add_(of.first[i].mul_(momentum_).add_(gradient), -rate);
      continue;
    }
    of.first[i].mul_(kMeanDecay).add_(gradient, 1.0 - kMeanDecay);
    of.squares[i].mul_(kSquareDecay).addcmul_(gradient, gradient, 1.0 - kSquareDecay);
    const at::Tensor deviation = (of.squares[i].sqrt() / std::sqrt(square_share)).add_(kEpsilon);
    parameter.addcdiv_(of.first[i], deviation, -rate / mean_share);
  }
}

#endif

std::vector<at::Tensor> Optimizer::state() const {
  std::vector<at::Tensor> state;
  if (steps_.defined()) state.push_back(steps_);
  for (const Group& group : groups_) {
    state.insert(state.end(), group.first.begin(), group.first.end());
    state.insert(state.end(), group.squares.begin(), group.squares.end());
  }
  return state;
}

}  // namespace chestmap
