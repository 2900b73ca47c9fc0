#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "metrics/ranking.h"

namespace chestmap {

/// A point of the receiver operating characteristic.
struct RocPoint {
  double false_positive_rate = 0.0;
  double true_positive_rate = 0.0;
};

/// The curve from (0, 0) to (1, 1), one point a distinct score (Fawcett 2006, algorithm 1), thinned
/// for drawing: a point is kept where its two rates have together risen by 2 / `most_points` since
/// the last one kept, so that at most `most_points` + 2 points come out and none that is left out
/// lies further than that from a kept one. Empty where the positives or the negatives weigh 0.
[[nodiscard]] std::vector<RocPoint> roc_curve(const Ranking& ranking, std::size_t most_points = 200,
                                              std::span<const double> weights = {});

}  // namespace chestmap
