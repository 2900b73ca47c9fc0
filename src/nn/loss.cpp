#include "nn/loss.h"

#include <ATen/ATen.h>

#include "base/error.h"

namespace chestmap {

namespace {

struct Weights {
  at::Tensor positive;
  at::Tensor negative;
};

/// Half of (P + N) / P and (P + N) / N. A side without a label weighs nothing; the other one then
/// weighs 1.
Weights weights_from(const at::Tensor& positives, const at::Tensor& negatives) {
  const at::Tensor total = positives + negatives;
  const auto side = [&](const at::Tensor& count, const at::Tensor& other) {
    const at::Tensor weight = total / (2.0 * count.clamp_min(1.0));
    return at::where(other == 0, at::ones_like(weight), weight);
  };
  return {side(positives, negatives), side(negatives, positives)};
}

}  // namespace

const std::vector<std::string>& balance_names() {
  static const std::vector<std::string> kNames = {"none", "batch", "dataset"};
  return kNames;
}

Balance balance_of(const std::string& name) {
  for (std::size_t i = 0; i < balance_names().size(); ++i)
    if (balance_names()[i] == name) return static_cast<Balance>(i);
  throw UserError("unknown balance \"" + name + "\"", "known: none, batch, dataset");
}

LabelCounts count_labels(const at::Tensor& labels) {
  return {(labels == 1).sum(0).to(labels.scalar_type()),
          (labels == 0).sum(0).to(labels.scalar_type())};
}

BalancedLoss::BalancedLoss(Balance balance, const LabelCounts& counts) : balance_(balance) {
  if (balance != Balance::dataset) return;
  Weights weights = weights_from(counts.positives, counts.negatives);
  positive_weight_ = std::move(weights.positive);
  negative_weight_ = std::move(weights.negative);
}

at::Tensor BalancedLoss::elements(const at::Tensor& logits, const at::Tensor& labels,
                                  const LabelCounts& counts) const {
  const at::Tensor positive = (labels == 1).to(logits.scalar_type());
  const at::Tensor negative = (labels == 0).to(logits.scalar_type());
  at::Tensor positive_weight = positive_weight_;
  at::Tensor negative_weight = negative_weight_;
  if (balance_ == Balance::batch) {
    Weights weights = weights_from(counts.positives.sum(), counts.negatives.sum());
    positive_weight = std::move(weights.positive);
    negative_weight = std::move(weights.negative);
  }
  const at::Tensor positive_loss = positive * at::softplus(-logits);
  const at::Tensor negative_loss = negative * at::softplus(logits);
  if (!positive_weight.defined()) return positive_loss + negative_loss;
  return positive_weight * positive_loss + negative_weight * negative_loss;
}

at::Tensor BalancedLoss::mean(const at::Tensor& logits, const at::Tensor& labels,
                              const LabelCounts& counts) const {
  const at::Tensor known = (counts.positives + counts.negatives).sum();
  return elements(logits, labels, counts).sum() / known.clamp_min(1);
}

at::Tensor BalancedLoss::per_finding(const at::Tensor& logits, const at::Tensor& labels,
                                     const LabelCounts& counts) const {
  return elements(logits, labels, counts).sum(0) / (counts.positives + counts.negatives);
}

}  // namespace chestmap
