#pragma once

#include <optional>
#include <span>

#include "metrics/ranking.h"

namespace chestmap {

/// Average precision: sum over n of (R_n - R_{n-1}) P_n, with recall R_n and precision P_n of the
/// images that score at or above the n-th highest score; images of equal score enter together. No
/// interpolation: scikit-learn's average_precision_score. Nothing where the positives weigh 0.
[[nodiscard]] std::optional<double> average_precision(const Ranking& ranking,
                                                      std::span<const double> weights = {});

}  // namespace chestmap
