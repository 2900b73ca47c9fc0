#include "train/optimizer.h"

#include <gtest/gtest.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include <functional>
#include <memory>

#include "base/error.h"
#include "small_model.h"

namespace chestmap {
namespace {

using test::options_of;
using test::small_model;

TEST(ParameterGroups, DecayConvolutionsAloneAndGiveTheRelevanceItsOwnRate) {
  const auto model = small_model();
  const std::vector<ParameterGroup> groups = parameter_groups(*model, options_of("adamw"));
  ASSERT_EQ(groups.size(), 3U);
  std::size_t parameters = 0;
  for (const ParameterGroup& group : groups) parameters += group.parameters.size();
  EXPECT_EQ(parameters, model->parameters().size());
  for (const at::Tensor& p : groups[0].parameters) EXPECT_EQ(p.dim(), 4);
  for (const at::Tensor& p : groups[1].parameters) EXPECT_NE(p.dim(), 4);
  ASSERT_EQ(groups[2].parameters.size(), 1U);
  EXPECT_EQ(groups[2].parameters[0].sizes(), (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(groups[0].weight_decay, 0.125);
  EXPECT_EQ(groups[1].weight_decay, 0.0);
  EXPECT_EQ(groups[2].weight_decay, 0.0);
  EXPECT_EQ(groups[0].learning_rate, 0.5);
  EXPECT_EQ(groups[1].learning_rate, 0.5);
  EXPECT_EQ(groups[2].learning_rate, 0.25);
}

TEST(ParameterGroups, RelevanceThatIsNotTrainedHasNone) {
  for (const char* relevance : {"uniform", "evidence"}) {
    const auto model = small_model(1, relevance);
    EXPECT_EQ(parameter_groups(*model, options_of("adamw")).size(), 2U) << relevance;
  }
}

TEST(UpdateRule, UnknownNamesAreRefused) {
  EXPECT_EQ(update_rule_of("sgd"), UpdateRule::sgd);
  EXPECT_THROW((void)update_rule_of("lion"), UserError);
}

/// Three parameters, of which the last never has a gradient.
std::vector<at::Tensor> parameters_of(std::uint64_t seed) {
  torch::manual_seed(seed);
  std::vector<at::Tensor> parameters = {
      at::randn({3, 2, 3, 3}).contiguous(at::MemoryFormat::ChannelsLast), at::randn({5}),
      at::randn({2})};
  for (at::Tensor& parameter : parameters) parameter.requires_grad_();
  return parameters;
}

at::Tensor loss_of(const std::vector<at::Tensor>& parameters) {
  return parameters[0].square().sum() + parameters[1].sin().sum() * 3.0;
}

struct Judge {
  UpdateRule rule;
  std::function<std::unique_ptr<torch::optim::Optimizer>(const std::vector<at::Tensor>&)> make;
};

std::vector<Judge> judges() {
  constexpr double kRate = 0.05;
  return {
      {UpdateRule::sgd,
       [](const auto& p) {
         return std::make_unique<torch::optim::SGD>(
             p, torch::optim::SGDOptions(kRate).momentum(0.75).weight_decay(0.125));
       }},
      {UpdateRule::adam,
       [](const auto& p) {
         return std::make_unique<torch::optim::Adam>(
             p, torch::optim::AdamOptions(kRate).weight_decay(0.125));
       }},
      {UpdateRule::adamw,
       [](const auto& p) {
         return std::make_unique<torch::optim::AdamW>(
             p, torch::optim::AdamWOptions(kRate).weight_decay(0.125));
       }},
  };
}

// Ten steps in single precision, whose rate torch's optimizers keep in double precision.
constexpr double kTolerance = 1e-5;

TEST(Optimizer, MovesParametersAsTorchsOwnDoesAndFollowsTheRate) {
  for (const Judge& judge : judges()) {
    const std::vector<at::Tensor> ours = parameters_of(1);
    const std::vector<at::Tensor> theirs = parameters_of(1);
    Optimizer optimizer({{ours, 0.125, 0.5}}, judge.rule, 0.75);
    const auto reference = judge.make(theirs);
    for (int i = 0; i < 10; ++i) {
      // Twice from the full rate, since a factor that built up would show only then.
      const double factor = i < 5 ? 0.1 : 0.02;
      optimizer.set_rate_factor(factor);
      for (auto& group : reference->param_groups()) group.options().set_lr(0.5 * factor);
      optimizer.clear_gradients();
      loss_of(ours).backward();
      optimizer.step();
      reference->zero_grad();
      loss_of(theirs).backward();
      reference->step();
    }
    EXPECT_GT((ours[0] - parameters_of(1)[0]).abs().max().item<double>(), 0.01);
    for (std::size_t p = 0; p < ours.size(); ++p)
      EXPECT_LT((ours[p] - theirs[p]).abs().max().item<double>(), kTolerance)
          << "rule " << static_cast<int>(judge.rule) << ", parameter " << p;
    EXPECT_TRUE(at::equal(ours[2], parameters_of(1)[2])) << "it has no gradient";
  }
}

TEST(Optimizer, ClipsTheNormOfAllGradientsTogether) {
  const std::vector<at::Tensor> parameters = parameters_of(1);
  Optimizer optimizer({{{parameters[0]}, 0.0, 0.1}, {{parameters[1], parameters[2]}, 0.0, 0.1}},
                      UpdateRule::sgd, 0.0);
  loss_of(parameters).backward();
  const at::Tensor first = parameters[0].grad().clone();
  const double norm = at::cat({first.flatten(), parameters[1].grad()}).norm().item<double>();
  ASSERT_GT(norm, 2.0);
  optimizer.clip_gradients(2.0 * norm);
  EXPECT_TRUE(at::equal(parameters[0].grad(), first));
  optimizer.clip_gradients(2.0);
  EXPECT_NEAR(at::cat({parameters[0].grad().flatten(), parameters[1].grad()}).norm().item<double>(),
              2.0, 1e-5);
  EXPECT_LT((parameters[0].grad() - first * (2.0 / norm)).abs().max().item<double>(), 1e-5);
}

}  // namespace
}  // namespace chestmap
