#include "metrics/threshold_measures.h"

namespace chestmap {

namespace {

std::optional<double> ratio(double numerator, double denominator) {
  if (denominator <= 0.0) return std::nullopt;
  return numerator / denominator;
}

}  // namespace

Confusion confusion_at(const Ranking& ranking, double threshold, std::span<const double> weights) {
  Confusion counts;
  ranking.visit_scores(weights, [&](double score, double positives, double negatives) {
    const bool called = score >= threshold;
    (called ? counts.true_positives : counts.false_negatives) += positives;
    (called ? counts.false_positives : counts.true_negatives) += negatives;
  });
  return counts;
}

std::optional<double> sensitivity(const Confusion& counts) {
  return ratio(counts.true_positives, counts.true_positives + counts.false_negatives);
}

std::optional<double> specificity(const Confusion& counts) {
  return ratio(counts.true_negatives, counts.true_negatives + counts.false_positives);
}

std::optional<double> positive_predictive_value(const Confusion& counts) {
  return ratio(counts.true_positives, counts.true_positives + counts.false_positives);
}

std::optional<double> negative_predictive_value(const Confusion& counts) {
  return ratio(counts.true_negatives, counts.true_negatives + counts.false_negatives);
}

std::optional<double> f1_score(const Confusion& counts) {
  return ratio(2.0 * counts.true_positives,
               2.0 * counts.true_positives + counts.false_positives + counts.false_negatives);
}

}  // namespace chestmap
