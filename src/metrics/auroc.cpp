#include "metrics/auroc.h"

namespace chestmap {

std::optional<double> auroc(const Ranking& ranking, std::span<const double> weights) {
  double above = 0.0;
  double all_negatives = 0.0;
  double won = 0.0;
  ranking.visit_ties(weights, [&](double positives, double negatives) {
    won += negatives * (above + positives / 2.0);
    above += positives;
    all_negatives += negatives;
  });
  if (above <= 0.0 || all_negatives <= 0.0) return std::nullopt;
  return won / (above * all_negatives);
}

}  // namespace chestmap
