#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "nn/model.h"

namespace chestmap {

/// The exponential moving average of a model's parameters over the steps (Polyak & Juditsky 1992).
/// Frozen parameters stay as they are, to the bit.
class WeightAverage {
 public:
  /// `decay` of a step; 0 keeps no average, and nothing below does anything then.
  WeightAverage(const Model& model, double decay);

  /// After each step.
  void update();
  /// Exchanges the model's parameters with their average.
  void swap();

  /// Of each parameter; empty where none is kept. Shares memory.
  [[nodiscard]] const std::vector<at::Tensor>& tensors() const noexcept { return average_; }

 private:
  std::vector<at::Tensor> parameters_;
  std::vector<at::Tensor> average_;
  double decay_;
};

}  // namespace chestmap
