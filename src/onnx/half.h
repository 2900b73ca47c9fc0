#pragma once

#include <cstdint>

namespace chestmap {

/// The bits of the IEEE 754 half-precision number nearest to `value`, ties to even; beyond its
/// range an infinity.
[[nodiscard]] std::uint16_t half_bits(float value);

}  // namespace chestmap
