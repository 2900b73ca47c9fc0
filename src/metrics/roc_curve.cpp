#include "metrics/roc_curve.h"

#include "metrics/curve_thinning.h"

namespace chestmap {

std::vector<RocPoint> roc_curve(const Ranking& ranking, std::size_t most_points,
                                std::span<const double> weights) {
  double all_positives = 0.0;
  double all_negatives = 0.0;
  ranking.visit_ties(weights, [&](double positives, double negatives) {
    all_positives += positives;
    all_negatives += negatives;
  });
  if (all_positives <= 0.0 || all_negatives <= 0.0) return {};
  CurveThinning thinning(most_points);
  std::vector<RocPoint> curve{{0.0, 0.0}};
  RocPoint at;
  double found = 0.0;
  double wrong = 0.0;
  ranking.visit_ties(weights, [&](double positives, double negatives) {
    found += positives;
    wrong += negatives;
    at = {wrong / all_negatives, found / all_positives};
    if (thinning.keep(at.false_positive_rate, at.true_positive_rate)) curve.push_back(at);
  });
  const RocPoint& last = curve.back();
  if (last.false_positive_rate < 1.0 || last.true_positive_rate < 1.0) curve.push_back({1.0, 1.0});
  return curve;
}

}  // namespace chestmap
