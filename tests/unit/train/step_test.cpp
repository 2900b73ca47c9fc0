#include "train/step.h"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>

#include "operations.h"
#include "small_model.h"
#include "train/late_value.h"

namespace chestmap {
namespace {

using test::options_of;
using test::small_model;

/// A model, its optimizer and one batch.
struct Trained {
  explicit Trained(TrainOptions of) : options(std::move(of)), model(small_model()) {
    model->train();
    optimizer.emplace(make_optimizer(*model, options));
    average.emplace(*model, options.average_decay);
    step.emplace(*model, *optimizer, *average, BalancedLoss(Balance::batch, {}), ranks, nullptr,
                 options);
    torch::manual_seed(3);
    input.images = at::rand({6, 32, 32});
    input.labels = at::randint(0, 2, {6, 2}).to(at::kFloat);
    input.labels[2][1] = -1.0F;
    input.counts = count_labels(input.labels);
    input.stage_keep = at::tensor({1.0F, 0.0F}).repeat({6, 1});
    input.stage_keep.narrow(0, 0, 3).fill_(1.0F);
  }

  double run() { return LateValue(step->run(input)).wait(); }

  TrainOptions options;
  std::shared_ptr<Model> model;
  Communicator ranks;
  std::optional<Optimizer> optimizer;
  std::optional<WeightAverage> average;
  std::optional<TrainingStep> step;
  StepInput input;
};

TrainOptions everything() {
  TrainOptions options = options_of("adamw");
  options.learning_rate = 0.002;
  options.precision = "float32";
  options.auxiliary_loss = 0.3;
  options.agreement_loss = 0.1;
  options.relevance_entropy = 0.1;
  options.gradient_clip = 1.0;
  options.average_decay = 0.9;
  return options;
}

TEST(TrainingStep, LowersTheLossOfItsBatch) {
  for (const char* precision : {"float32", "bfloat16"}) {
    TrainOptions options = everything();
    options.precision = precision;
    Trained trained(options);
    const double first = trained.run();
    double last = first;
    for (int i = 0; i < 12; ++i) last = trained.run();
    EXPECT_LT(last, 0.7 * first) << precision;
  }
}

TEST(TrainingStep, OfHalfThePrecisionHasNearlyTheSameLossAndAllWeightsInSinglePrecision) {
  Trained exact(everything());
  TrainOptions options = everything();
  options.precision = "bfloat16";
  Trained rounded(options);
  const double loss = exact.run();
  const double of_rounded = rounded.run();
  // bfloat16 keeps 8 bits: 0.4% a value, of which many are summed.
  EXPECT_NEAR(of_rounded, loss, 0.01 * loss);
  EXPECT_NE(of_rounded, loss) << "nothing was rounded";
  for (const NamedTensor& item : named_state(*rounded.model)) {
    EXPECT_NE(item.tensor.scalar_type(), at::kBFloat16) << item.name;
    EXPECT_TRUE(at::isfinite(item.tensor).all().item<bool>()) << item.name;
  }
}

// What waits for a GPU shows in the names of operations on the CPU as well.
TEST(TrainingStep, WaitsForNoDevice) {
#if TORCH_VERSION_MAJOR < 2
  // libtorch 1.13 has no fused optimizers, and ours reads its rate there.
  const std::size_t allowed_by_optimizer = 1;
#else
  const std::size_t allowed_by_optimizer = 0;
#endif
  for (const char* relevance : {"learned", "evidence"}) {
    Trained trained(everything());
    trained.model = small_model(1, relevance);
    Optimizer optimizer = make_optimizer(*trained.model, trained.options);
    trained.average.emplace(*trained.model, trained.options.average_decay);
    TrainingStep step(*trained.model, optimizer, *trained.average, BalancedLoss(Balance::batch, {}),
                      trained.ranks, nullptr, trained.options);
    at::Tensor loss;
    const test::Operations operations;
    loss = step.run(trained.input);
    EXPECT_LE(operations.waits().size(), allowed_by_optimizer) << relevance;
    EXPECT_TRUE(operations.seen("aten::conv2d")) << "nothing was recorded";
  }
}

TEST(WeightAverage, FollowsTheWeightsAndIsExchangedWithThem) {
  TrainOptions options = everything();
  Trained trained(options);
  const at::Tensor parameter = trained.model->parameters().front();
  at::Tensor expected = parameter.detach().clone();
  for (int i = 0; i < 3; ++i) {
    trained.run();
    expected = 0.9 * expected + 0.1 * parameter.detach();
  }
  const at::Tensor weights = parameter.detach().clone();
  // Rounding of two products and a sum.
  EXPECT_LT((trained.average->tensors().front() - expected).abs().max().item<double>(), 1e-6);
  trained.average->swap();
  EXPECT_LT((parameter.detach() - expected).abs().max().item<double>(), 1e-6);
  trained.average->swap();
  EXPECT_TRUE(at::equal(parameter.detach(), weights));
}

TEST(WeightAverage, OfDecayZeroIsNone) {
  const auto model = small_model();
  WeightAverage none(*model, 0.0);
  EXPECT_TRUE(none.tensors().empty());
  none.update();
  none.swap();
}

}  // namespace
}  // namespace chestmap
