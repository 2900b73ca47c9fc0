#pragma once

#include <ATen/ATen.h>
#include <torch/utils.h>

#include <memory>

#include "nn/model.h"
#include "train/optimizer.h"

namespace chestmap::test {

/// A model of two findings that is quick to make; the same for the same seed.
inline std::shared_ptr<Model> small_model(std::uint64_t seed = 1,
                                          const std::string& relevance = "learned") {
  torch::manual_seed(seed);
  ModelSpec spec;
  spec.findings = {"Mass", "Nodule"};
  spec.stages = {2, 4};
  spec.input_size = 32;
  spec.relevance = relevance;
  spec.box_rule_provenance = "not fitted";
  return std::make_shared<Model>(spec);
}

inline TrainOptions options_of(const std::string& optimizer) {
  TrainOptions options;
  options.optimizer = optimizer;
  options.learning_rate = 0.5;
  options.relevance_learning_rate = 0.25;
  options.weight_decay = 0.125;
  options.momentum = 0.75;
  return options;
}

/// One step on fixed images.
inline void step(Model& model, Optimizer& optimizer) {
  const at::Tensor images = at::linspace(0, 1, 4 * 32 * 32).view({4, 32, 32});
  optimizer.clear_gradients();
  model.train();
  model.forward(images).logits.square().mean().backward();
  optimizer.step();
}

}  // namespace chestmap::test
