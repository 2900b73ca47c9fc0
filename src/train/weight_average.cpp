#include "train/weight_average.h"

#include <ATen/ATen.h>

namespace chestmap {

WeightAverage::WeightAverage(const Model& model, double decay) : decay_(decay) {
  if (decay <= 0) return;
  parameters_ = model.parameters();
  for (const at::Tensor& parameter : parameters_) average_.push_back(parameter.detach().clone());
}

void WeightAverage::update() {
  const at::NoGradGuard no_gradient;
  std::vector<at::Tensor> averages;
  std::vector<at::Tensor> values;
  for (std::size_t i = 0; i < average_.size(); ++i) {
    // Rounding would move a frozen one.
    if (!parameters_[i].requires_grad()) continue;
    averages.push_back(average_[i]);
    values.push_back(parameters_[i].detach());
  }
  if (averages.empty()) return;
  at::_foreach_mul_(averages, decay_);
  at::_foreach_add_(averages, values, 1.0 - decay_);
}

void WeightAverage::swap() {
  const at::NoGradGuard no_gradient;
  for (std::size_t i = 0; i < average_.size(); ++i) {
    const at::Tensor kept = parameters_[i].detach().clone();
    parameters_[i].detach().copy_(average_[i]);
    average_[i].copy_(kept);
  }
}

}  // namespace chestmap
