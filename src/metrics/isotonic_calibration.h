#pragma once

#include <span>
#include <vector>

#include "metrics/ranking.h"

namespace chestmap {

/// A rising map from score to probability: straight lines between knots, constant beyond them.
struct IsotonicCalibration {
  struct Knot {
    double score = 0.0;
    double probability = 0.0;
  };
  std::vector<Knot> knots;  ///< scores strictly rising, probabilities not falling

  [[nodiscard]] double probability(double score) const noexcept;
};

/// Isotonic regression of the labels on the scores by pooling adjacent violators (Ayer et al. 1955;
/// as a calibration Zadrozny and Elkan 2002): the rising map with the least squared error. A block
/// of equal values is given by the knots at its two ends. Without images there is no knot.
///
/// Example: scores .1- .2+ .3- .4+: .2 and .3 are pooled to 1/2. Knots (.1, 0), (.2, 1/2), (.3,
/// 1/2), (.4, 1).
[[nodiscard]] IsotonicCalibration fit_isotonic(std::span<const ScoredLabel> images);

}  // namespace chestmap
