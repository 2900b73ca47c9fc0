#include "train/optimizer.h"

#include <gtest/gtest.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include "small_model.h"

namespace chestmap {
namespace {

using test::options_of;
using test::small_model;

TEST(Optimizer, IsTheOneAskedFor) {
  const auto model = small_model();
  EXPECT_NE(dynamic_cast<torch::optim::SGD*>(make_optimizer(*model, options_of("sgd")).get()),
            nullptr);
  EXPECT_NE(dynamic_cast<torch::optim::Adam*>(make_optimizer(*model, options_of("adam")).get()),
            nullptr);
  EXPECT_NE(dynamic_cast<torch::optim::AdamW*>(make_optimizer(*model, options_of("adamw")).get()),
            nullptr);
}

TEST(Optimizer, DecaysConvolutionsAloneAndGivesTheRelevanceItsOwnRate) {
  const auto model = small_model();
  const auto optimizer = make_optimizer(*model, options_of("adamw"));
  const auto& groups = optimizer->param_groups();
  ASSERT_EQ(groups.size(), 3U);
  std::size_t parameters = 0;
  for (const auto& group : groups) parameters += group.params().size();
  EXPECT_EQ(parameters, model->parameters().size());
  const auto options = [&](std::size_t g) {
    return static_cast<const torch::optim::AdamWOptions&>(groups[g].options());
  };
  for (const at::Tensor& p : groups[0].params()) EXPECT_EQ(p.dim(), 4);
  for (const at::Tensor& p : groups[1].params()) EXPECT_EQ(p.dim(), 1);
  ASSERT_EQ(groups[2].params().size(), 1U);
  EXPECT_EQ(groups[2].params()[0].sizes(), (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(options(0).weight_decay(), 0.125);
  EXPECT_EQ(options(1).weight_decay(), 0.0);
  EXPECT_EQ(options(2).weight_decay(), 0.0);
  EXPECT_EQ(options(0).lr(), 0.5);
  EXPECT_EQ(options(1).lr(), 0.5);
  EXPECT_EQ(options(2).lr(), 0.25);
}

TEST(Optimizer, SgdHasTheMomentumInEveryGroup) {
  const auto model = small_model();
  const auto optimizer = make_optimizer(*model, options_of("sgd"));
  for (auto& group : optimizer->param_groups())
    EXPECT_EQ(static_cast<const torch::optim::SGDOptions&>(group.options()).momentum(), 0.75);
}

TEST(Optimizer, RelevanceThatIsNotTrainedHasNoGroup) {
  for (const char* relevance : {"uniform", "evidence"}) {
    const auto model = small_model(1, relevance);
    EXPECT_EQ(make_optimizer(*model, options_of("adamw"))->param_groups().size(), 2U) << relevance;
  }
}

TEST(Optimizer, TheScheduleScalesEveryGroupsOwnRate) {
  const auto model = small_model();
  const TrainOptions options = options_of("adam");
  const auto optimizer = make_optimizer(*model, options);
  const std::vector<double> full = learning_rates(*optimizer);
  EXPECT_EQ(full, (std::vector<double>{0.5, 0.5, 0.25}));
  // Twice, since a factor that built up would show only then.
  for (const double factor : {0.5, 0.1}) {
    set_learning_rates(*optimizer, full, factor);
    const auto& groups = optimizer->param_groups();
    EXPECT_DOUBLE_EQ(groups[0].options().get_lr(), 0.5 * factor);
    EXPECT_DOUBLE_EQ(groups[1].options().get_lr(), 0.5 * factor);
    EXPECT_DOUBLE_EQ(groups[2].options().get_lr(), 0.25 * factor);
  }
}

}  // namespace
}  // namespace chestmap
