#pragma once

#include <optional>
#include <span>

#include "metrics/ranking.h"

namespace chestmap {

/// Area under the receiver operating characteristic: the probability that a positive image scores
/// above a negative one, ties counting one half,
///   sum over pairs (p, n) of w_p w_n ([s_p > s_n] + [s_p = s_n] / 2) / (sum w_p * sum w_n)
/// (Hanley and McNeil 1982; Mann-Whitney U over the number of pairs). Nothing where the positives
/// or the negatives weigh 0.
[[nodiscard]] std::optional<double> auroc(const Ranking& ranking,
                                          std::span<const double> weights = {});

}  // namespace chestmap
