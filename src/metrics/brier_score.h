#pragma once

#include <optional>
#include <span>

#include "metrics/ranking.h"

namespace chestmap {

/// Brier score (Brier 1950, for two classes): the mean over images of (probability - label)^2, 0
/// for a perfect forecast. Nothing where no image weighs anything, or where a score is no
/// probability, i.e. outside [0, 1].
///
/// Example: 0.9 for a positive, 0.8 and 0.1 for two negatives: (0.01 + 0.64 + 0.01) / 3 = 0.22.
[[nodiscard]] std::optional<double> brier_score(const Ranking& ranking,
                                                std::span<const double> weights = {});

}  // namespace chestmap
