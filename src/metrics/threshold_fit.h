#pragma once

#include <optional>

#include "metrics/ranking.h"

namespace chestmap {

// Thresholds fitted on a set of scored images; an image is called positive where its score is at or
// above the threshold. Each is one of the scores; among equally good ones it is the highest, which
// calls the fewest images positive. Nothing without positives, nor, for Youden's, without
// negatives.
//
// Example: scores .9+ .8- .7+ .3- .1-. At .9 sensitivity is 1/2 and specificity 1, at .7 they are 1
// and 2/3: Youden's J is 1/2 and 2/3, so that its threshold is .7. F1 is 2/3 at .9 and 4/5 at .7.
// Sensitivity is at least .5 from .9 on, at least .51 from .7 on.

/// The threshold with the largest sensitivity + specificity - 1 (Youden 1950).
[[nodiscard]] std::optional<double> youden_threshold(const Ranking& ranking);
/// The highest threshold whose sensitivity is at least `wanted`, in (0, 1].
[[nodiscard]] std::optional<double> threshold_at_sensitivity(const Ranking& ranking, double wanted);
/// The threshold with the largest F1 score.
[[nodiscard]] std::optional<double> best_f1_threshold(const Ranking& ranking);

}  // namespace chestmap
