#include "metrics/brier_score.h"

namespace chestmap {

std::optional<double> brier_score(const Ranking& ranking, std::span<const double> weights) {
  if (!ranking.holds_probabilities()) return std::nullopt;
  double sum = 0.0;
  double images = 0.0;
  ranking.visit_scores(weights, [&](double probability, double positives, double negatives) {
    const double missing = 1.0 - probability;
    sum += positives * missing * missing + negatives * probability * probability;
    images += positives + negatives;
  });
  if (images <= 0.0) return std::nullopt;
  return sum / images;
}

}  // namespace chestmap
