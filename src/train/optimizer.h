#pragma once

#include <torch/optim/optimizer.h>

#include <memory>

#include "nn/model.h"
#include "train/train_config.h"

namespace chestmap {

/// The optimizer over three groups of parameters: convolution weights (with weight decay), norms
/// and biases (without), and the relevance (without, at a learning rate of its own; absent where it
/// is not trained).
[[nodiscard]] std::unique_ptr<torch::optim::Optimizer> make_optimizer(const Model& model,
                                                                      const TrainOptions& options);

/// Sets every group's learning rate to its own full rate times `factor`.
void set_learning_rate(torch::optim::Optimizer& optimizer, const TrainOptions& options,
                       double factor);

}  // namespace chestmap
