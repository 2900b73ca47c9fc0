#pragma once

#include <span>

namespace chestmap {

/// The quantile of `sorted`, which is not empty, at `share` in [0, 1], interpolated linearly
/// between its neighbours (definition 7 of Hyndman and Fan 1996, numpy's default).
[[nodiscard]] double quantile_of_sorted(std::span<const double> sorted, double share);

}  // namespace chestmap
