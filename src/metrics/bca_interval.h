#pragma once

#include <optional>

#include "metrics/bootstrap.h"

namespace chestmap {

/// The bias-corrected and accelerated interval (Efron 1987; Efron and Tibshirani 1993, chapter 14):
/// percentiles of the resampled values at Phi(z0 + (z0 + z) / (1 - a (z0 + z))) for z the normal
/// quantiles of the two tails, with
///   z0 = Phi^-1 of the share of resampled values below the value on the whole set, equal ones
///        counting one half,
///   a  = sum d^3 / (6 (sum d^2)^(3/2)), d = mean of the left-out values - a left-out value.
/// Nothing where the percentile interval has none, where fewer than two left-out values are
/// defined, and where all resampled values lie on one side of the value (z0 is infinite). Where the
/// left-out values do not differ, a is 0.
[[nodiscard]] std::optional<Interval> bca_interval(const Bootstrapped& statistic,
                                                   double coverage = 0.95);

/// z0 and a; nothing as above.
struct BcaConstants {
  double bias = 0.0;
  double acceleration = 0.0;
};
[[nodiscard]] std::optional<BcaConstants> bca_constants(const Bootstrapped& statistic);

}  // namespace chestmap
