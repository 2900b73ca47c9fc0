#include "metrics/average_precision.h"

namespace chestmap {

std::optional<double> average_precision(const Ranking& ranking, std::span<const double> weights) {
  double found = 0.0;
  double taken = 0.0;
  double sum = 0.0;
  ranking.visit_ties(weights, [&](double positives, double negatives) {
    found += positives;
    taken += positives + negatives;
    if (positives > 0.0) sum += positives * found / taken;
  });
  if (found <= 0.0) return std::nullopt;
  return sum / found;
}

}  // namespace chestmap
