#pragma once

namespace chestmap {

/// The standard normal distribution function.
[[nodiscard]] double normal_cdf(double x) noexcept;
/// Its inverse; minus and plus infinity at 0 and 1. Exact to some units in the last place.
[[nodiscard]] double normal_quantile(double probability) noexcept;
/// The probability that a standard normal variable is at least as far from 0 as `z`.
[[nodiscard]] double two_sided_p(double z) noexcept;

}  // namespace chestmap
