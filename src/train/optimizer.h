#pragma once

#include <torch/optim/optimizer.h>

#include <memory>
#include <span>
#include <vector>

#include "nn/model.h"
#include "train/train_config.h"

namespace chestmap {

/// The optimizer over groups of parameters: convolution weights (with weight decay), norms and
/// biases (without), and the relevance (without, at a learning rate of its own; absent where it is
/// not trained). Where `backbone_learning_rate_factor` is not 1 the first two are those of the head
/// (and pyramid) alone, and two more of the backbone follow, at the factor times the rate. Frozen
/// parameters are in no group. Each group's learning rate is its full one.
[[nodiscard]] std::unique_ptr<torch::optim::Optimizer> make_optimizer(const Model& model,
                                                                      const TrainOptions& options);

/// Each group's learning rate.
[[nodiscard]] std::vector<double> learning_rates(const torch::optim::Optimizer& optimizer);

/// Sets every group's learning rate to its own full rate times `factor`.
void set_learning_rates(torch::optim::Optimizer& optimizer, std::span<const double> full_rates,
                        double factor);

}  // namespace chestmap
