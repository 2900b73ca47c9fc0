#pragma once

#include <cstdint>

namespace chestmap::phantom {

/// Smooth noise over the plane in [-1, 1]: lattice values of unit spacing, a function of `seed`,
/// joined by a cubic fade.
[[nodiscard]] float value_noise(float x, float y, std::uint32_t seed) noexcept;

/// Three octaves of it, in [-1, 1].
[[nodiscard]] float cloud_noise(float x, float y, std::uint32_t seed) noexcept;

}  // namespace chestmap::phantom
