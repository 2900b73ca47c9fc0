#include "metrics/threshold_fit.h"

#include <limits>

namespace chestmap {

namespace {

struct Counts {
  double positives = 0.0;
  double negatives = 0.0;
};

/// The highest score at which `worth(called positives, called negatives)` is largest.
template <typename Worth>
std::optional<double> best_threshold(const Ranking& ranking, Worth&& worth) {
  Counts called;
  double best = -std::numeric_limits<double>::infinity();
  std::optional<double> threshold;
  ranking.visit_scores({}, [&](double score, double positives, double negatives) {
    called.positives += positives;
    called.negatives += negatives;
    const double value = worth(called);
    if (value <= best) return;
    best = value;
    threshold = score;
  });
  return threshold;
}

}  // namespace

std::optional<double> youden_threshold(const Ranking& ranking) {
  const auto positives = static_cast<double>(ranking.positives());
  const auto negatives = static_cast<double>(ranking.negatives());
  if (positives == 0.0 || negatives == 0.0) return std::nullopt;
  // J times both counts: whole numbers, so that equally good thresholds compare equal.
  return best_threshold(ranking, [&](const Counts& called) {
    return called.positives * negatives - called.negatives * positives;
  });
}

std::optional<double> threshold_at_sensitivity(const Ranking& ranking, double wanted) {
  const auto positives = static_cast<double>(ranking.positives());
  if (positives == 0.0) return std::nullopt;
  return best_threshold(ranking, [&](const Counts& called) {
    return called.positives / positives >= wanted ? 1.0 : 0.0;
  });
}

std::optional<double> best_f1_threshold(const Ranking& ranking) {
  const auto positives = static_cast<double>(ranking.positives());
  if (positives == 0.0) return std::nullopt;
  // 2 TP + FP + FN = called + positives.
  return best_threshold(ranking, [&](const Counts& called) {
    return 2.0 * called.positives / (called.positives + called.negatives + positives);
  });
}

}  // namespace chestmap
