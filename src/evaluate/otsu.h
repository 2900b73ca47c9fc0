#pragma once

#include <optional>
#include <span>

namespace chestmap {

/// Otsu's threshold (IEEE Trans. SMC 1979): of the levels between the 256 equal bins from the least
/// to the largest value, the one that parts the histogram with the largest variance between the two
/// classes, w0 w1 (m0 - m1)^2; the first among equals. A value at or above it is in the upper
/// class. Nothing where no two finite values differ; values that are not finite take no part.
[[nodiscard]] std::optional<double> otsu_threshold(std::span<const float> values);

}  // namespace chestmap
