#include "nn/loss.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "tensors.h"

namespace chestmap {
namespace {

using test::doubles;

double softplus(double x) { return std::log1p(std::exp(x)); }

const double kLog2 = std::log(2.0);

/// Positives 1 and negatives 2 of the 3 known labels; one label is unknown.
const at::Tensor& logits() {
  static const at::Tensor kLogits = doubles({0.5, 1.0, -1.0, 2.0}, {2, 2});
  return kLogits;
}
const at::Tensor& labels() {
  static const at::Tensor kLabels = doubles({1.0, 0.0, 0.0, -1.0}, {2, 2});
  return kLabels;
}
LabelCounts counts() { return count_labels(labels()); }

TEST(Loss, WithoutBalanceIsTheMeanCrossEntropyOfKnownLabels) {
  const BalancedLoss loss(Balance::none, {});
  EXPECT_NEAR(loss.mean(logits(), labels(), counts()).item<double>(),
              (softplus(-0.5) + softplus(1.0) + softplus(-1.0)) / 3.0, 1e-12);
  const at::Tensor per_finding = loss.per_finding(logits(), labels(), counts());
  EXPECT_NEAR(per_finding[0].item<double>(), (softplus(-0.5) + softplus(-1.0)) / 2.0, 1e-12);
  EXPECT_NEAR(per_finding[1].item<double>(), softplus(1.0), 1e-12);
}

TEST(Loss, BalancedOverTheBatchIsHalfOfWCel) {
  const BalancedLoss loss(Balance::batch, {});
  // (|P| + |N|) / |P| = 3 / 1, (|P| + |N|) / |N| = 3 / 2, halved.
  const double sum = 1.5 * softplus(-0.5) + 0.75 * softplus(1.0) + 0.75 * softplus(-1.0);
  EXPECT_NEAR(loss.mean(logits(), labels(), counts()).item<double>(), sum / 3.0, 1e-12);
}

TEST(Loss, BalancedOverTheDataSetWeighsEachFindingByItsOwnCounts) {
  const BalancedLoss loss(Balance::dataset, {doubles({1.0, 3.0}, {2}), doubles({9.0, 1.0}, {2})});
  // Finding 0: 10 / (2 * 1) = 5 and 10 / (2 * 9); finding 1: 4 / (2 * 3) and 4 / (2 * 1) = 2.
  const double first = 5.0 * softplus(-0.5) + 10.0 / 18.0 * softplus(-1.0);
  EXPECT_NEAR(loss.mean(logits(), labels(), counts()).item<double>(),
              (first + 2.0 * softplus(1.0)) / 3.0, 1e-12);
  EXPECT_NEAR(loss.per_finding(logits(), labels(), counts())[0].item<double>(), first / 2.0, 1e-12);
}

TEST(Loss, OfUndecidedLogitsIsLogTwoWhateverTheBalance) {
  // The weights of a set average to 1 over the set that they were counted on.
  const at::Tensor set = doubles({1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0}, {4, 2});
  const at::Tensor zeros = at::zeros({4, 2}, at::kDouble);
  for (const Balance balance : {Balance::none, Balance::batch, Balance::dataset}) {
    const BalancedLoss loss(balance, {doubles({2.0, 1.0}, {2}), doubles({2.0, 3.0}, {2})});
    EXPECT_NEAR(loss.mean(zeros, set, count_labels(set)).item<double>(), kLog2, 1e-12);
  }
}

TEST(Loss, GradientIsTheWeightedErrorAndNothingWhereUnknown) {
  const BalancedLoss loss(Balance::batch, {});
  at::Tensor variable = logits().clone().set_requires_grad(true);
  loss.mean(variable, labels(), counts()).backward();
  const auto sigmoid = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
  const at::Tensor expected = doubles({1.5 * (sigmoid(0.5) - 1.0) / 3.0, 0.75 * sigmoid(1.0) / 3.0,
                                       0.75 * sigmoid(-1.0) / 3.0, 0.0},
                                      {2, 2});
  EXPECT_LT(test::distance(variable.grad(), expected), 1e-12);
  EXPECT_EQ(variable.grad()[1][1].item<double>(), 0.0);
}

TEST(Loss, OfABatchWithoutAnyKnownLabelIsZeroWithAZeroGradient) {
  const at::Tensor unknown = at::full({2, 2}, -1.0, at::kDouble);
  for (const Balance balance : {Balance::none, Balance::batch, Balance::dataset}) {
    const BalancedLoss loss(balance, {doubles({0.0, 1.0}, {2}), doubles({0.0, 3.0}, {2})});
    at::Tensor variable = logits().clone().set_requires_grad(true);
    const at::Tensor value = loss.mean(variable, unknown, count_labels(unknown));
    EXPECT_EQ(value.item<double>(), 0.0);
    value.backward();
    EXPECT_EQ(variable.grad().abs().max().item<double>(), 0.0);
    EXPECT_TRUE(
        loss.per_finding(logits(), unknown, count_labels(unknown)).isnan().all().item<bool>());
  }
}

TEST(Loss, OfOneSidedLabelsIsUnweighted) {
  const at::Tensor negatives = at::zeros({2, 2}, at::kDouble);
  const double plain = (softplus(0.5) + softplus(1.0) + softplus(-1.0) + softplus(2.0)) / 4.0;
  const BalancedLoss over_batch(Balance::batch, {});
  EXPECT_NEAR(over_batch.mean(logits(), negatives, count_labels(negatives)).item<double>(), plain,
              1e-12);
  const BalancedLoss over_set(Balance::dataset,
                              {doubles({0.0, 0.0}, {2}), doubles({7.0, 9.0}, {2})});
  EXPECT_NEAR(over_set.mean(logits(), negatives, count_labels(negatives)).item<double>(), plain,
              1e-12);
}

TEST(Loss, IsFiniteForExtremeLogits) {
  const BalancedLoss loss(Balance::none, {});
  const at::Tensor extreme = at::tensor({-200.0F, 200.0F}).view({1, 2});
  const auto value = [&](const at::Tensor& of) {
    return loss.mean(extreme, of, count_labels(of)).item<double>();
  };
  EXPECT_NEAR(value(at::tensor({1.0F, 0.0F}).view({1, 2})), 200.0, 1e-4);
  EXPECT_NEAR(value(at::tensor({0.0F, 1.0F}).view({1, 2})), 0.0, 1e-6);
}

TEST(Loss, OfPartsWithTheCountsOfTheWholeSumsToTheWhole) {
  for (const Balance balance : {Balance::none, Balance::batch, Balance::dataset}) {
    const BalancedLoss loss(balance, {doubles({2.0, 1.0}, {2}), doubles({2.0, 3.0}, {2})});
    at::Tensor whole = logits().clone().set_requires_grad(true);
    const at::Tensor value = loss.mean(whole, labels(), counts());
    value.backward();
    at::Tensor parts = logits().clone().set_requires_grad(true);
    double sum = 0.0;
    // The last part is of no image.
    for (const auto& [first, end] : {std::pair{0, 1}, std::pair{1, 2}, std::pair{2, 2}}) {
      const at::Tensor part =
          loss.mean(parts.slice(0, first, end), labels().slice(0, first, end), counts());
      sum += part.item<double>();
      part.backward();
    }
    EXPECT_NEAR(sum, value.item<double>(), 1e-12);
    EXPECT_LT(test::distance(parts.grad(), whole.grad()), 1e-12);
    const at::Tensor by_finding =
        loss.per_finding(logits().slice(0, 0, 1), labels().slice(0, 0, 1), counts()) +
        loss.per_finding(logits().slice(0, 1, 2), labels().slice(0, 1, 2), counts());
    EXPECT_LT(test::distance(by_finding, loss.per_finding(logits(), labels(), counts())), 1e-12);
  }
}

TEST(Loss, NamesOfBalances) {
  for (std::size_t i = 0; i < balance_names().size(); ++i)
    EXPECT_EQ(static_cast<std::size_t>(balance_of(balance_names()[i])), i);
  EXPECT_EQ(balance_of("dataset"), Balance::dataset);
  EXPECT_THROW((void)balance_of("epoch"), UserError);
}

}  // namespace
}  // namespace chestmap
