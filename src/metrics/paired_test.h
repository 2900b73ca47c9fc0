#pragma once

#include <optional>

#include "metrics/bootstrap.h"

namespace chestmap {

/// Two-sided test that a difference, paired by resample (`difference_of`), is 0: with B defined
/// resamples of which b lie at or below 0 and a at or above it,
///   p = min(1, 2 (min(a, b) + 1) / (B + 1)),
/// the level at which the percentile interval touches 0 (Efron and Tibshirani 1993, section 15.4;
/// one is added to both counts so that p is never 0, Davison and Hinkley 1997). Nothing where the
/// difference is undefined on the whole set or in every resample.
///
/// Example: of 999 resampled differences 4 are 0 or less: p = 2 * 5 / 1000 = .01.
[[nodiscard]] std::optional<double> paired_bootstrap_p(const Bootstrapped& difference);

}  // namespace chestmap
