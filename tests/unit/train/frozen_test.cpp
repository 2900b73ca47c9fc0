#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "nn/model.h"
#include "small_model.h"
#include "train/optimizer.h"
#include "weights/backbone_layout.h"

namespace chestmap {
namespace {

using test::options_of;
using test::small_model;

std::map<std::string, at::Tensor> copies_of(const Model& model) {
  std::map<std::string, at::Tensor> state;
  for (const NamedTensor& item : named_state(model))
    state[item.name] = item.tensor.detach().clone();
  return state;
}

std::map<std::string, std::int64_t> stages_of(const std::string& backbone) {
  std::map<std::string, std::int64_t> stages;
  for (const ExpectedTensor& tensor : backbone_tensors(backbone_layout(backbone), 1))
    stages[tensor.name] = tensor.stage;
  return stages;
}

TEST(FrozenStages, NothingOfThemMovesAndTheRestDoes) {
  for (const char* kind : {"sgd", "adam", "adamw"}) {
    const auto model = small_model();
    model->freeze_stages({1, 3});
    Optimizer optimizer = make_optimizer(*model, options_of(kind));
    const auto before = copies_of(*model);
    for (int i = 0; i < 3; ++i) test::step(*model, optimizer);  // each turns training on again
    std::map<std::int64_t, int> moved;
    for (const NamedTensor& item : named_state(*model)) {
      const auto stages = stages_of("densenet-compact");
      const auto stage = stages.find(item.name);
      const bool same = at::equal(item.tensor, before.at(item.name));
      const std::int64_t key = stage == stages.end() ? 0 : stage->second;
      EXPECT_TRUE(same || (key != 1 && key != 3)) << kind << " " << item.name;
      if (!same) ++moved[key];
    }
    // Stage 2: a convolution, four layers of twelve tensors each, and two norms' five.
    EXPECT_GT(moved[2], 40) << kind;
    EXPECT_GT(moved[4], 40) << kind;
    EXPECT_GT(moved[0], 3) << kind;
  }
}

TEST(FrozenStages, TheirBatchStatisticsAreTheStoredOnesInTraining) {
  const auto model = small_model();
  model->freeze_stages({1, 2, 3, 4});
  const at::NoGradGuard no_gradient;
  const at::Tensor images = at::rand({3, 32, 32});
  model->train();
  const auto in_training = model->features(images);
  model->eval();
  const auto in_evaluation = model->features(images);
  for (std::size_t s = 0; s < in_training.size(); ++s)
    EXPECT_TRUE(at::equal(in_training[s], in_evaluation[s]));
}

TEST(FrozenStages, CanBeNamedAnewAndMustExist) {
  const auto model = small_model();
  EXPECT_THROW(model->freeze_stages({5}), UserError);
  EXPECT_THROW(model->freeze_stages({0}), UserError);
  model->freeze_stages({});
  for (const at::Tensor& parameter : model->parameters()) EXPECT_TRUE(parameter.requires_grad());
}

TEST(FrozenStages, AreInNoGroupOfTheOptimizer) {
  const auto model = small_model();
  model->freeze_stages({1, 2, 3, 4});
  std::size_t parameters = 0;
  for (const ParameterGroup& group : parameter_groups(*model, options_of("adamw")))
    parameters += group.parameters.size();
  std::size_t head = 0;
  for (const auto& item : model->named_parameters())
    head += item.key().starts_with("head.") ? 1U : 0U;
  EXPECT_EQ(parameters, head);
}

TEST(LearningRates, TheBackbonesFactorIsItsOwn) {
  const auto model = small_model();
  TrainOptions options = options_of("adamw");
  options.backbone_learning_rate_factor = 0.1;
  // 0.5 of the head's convolutions (and norms and biases, where it has any), 0.25 of the relevance,
  // 0.5 * 0.1 of the backbone's.
  std::map<double, std::size_t> counts;
  for (const ParameterGroup& group : parameter_groups(*model, options))
    counts[group.learning_rate] += group.parameters.size();
  std::size_t backbone = 0;
  for (const auto& item : model->named_parameters())
    backbone += item.key().starts_with("backbone.") ? 1U : 0U;
  EXPECT_EQ(counts.at(0.05), backbone);
  EXPECT_EQ(counts.at(0.25), 1U);
  EXPECT_EQ(counts.at(0.5), model->parameters().size() - backbone - 1);
}

TEST(LearningRates, ABackboneOfRateZeroStays) {
  const auto model = small_model();
  TrainOptions options = options_of("sgd");
  options.backbone_learning_rate_factor = 0.0;
  Optimizer optimizer = make_optimizer(*model, options);
  const auto before = copies_of(*model);
  test::step(*model, optimizer);
  for (const auto& item : model->named_parameters())
    if (item.key().starts_with("backbone.")) {
      EXPECT_TRUE(at::equal(item.value(), before.at(item.key().substr(9)))) << item.key();
    }
}

}  // namespace
}  // namespace chestmap
