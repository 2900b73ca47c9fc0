#pragma once

#include <span>

namespace chestmap {

/// Replaces each value x in [0, 1] by x^exponent, exponent in [0.05, 20], within a relative error
/// of 4e-6 times the exponent, or 4e-6 where it is below 1; results below 1e-37 may be 0. The same
/// on every machine, and vectorised by the compiler, which std::pow is not.
void raise_to_power(std::span<float> values, float exponent) noexcept;

}  // namespace chestmap
