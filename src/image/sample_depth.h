#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "image/image.h"

namespace chestmap {

/// Grey values in [0, 1] as whole numbers of `bits` (8 or 16, little-endian), rounded to the
/// nearest: 255 or 65535 is 1. Values outside of [0, 1] are clamped.
[[nodiscard]] std::vector<std::byte> to_samples(std::span<const float> values, std::size_t bits);

/// The other way; `values` has room for all.
void from_samples(std::span<const std::byte> samples, std::size_t bits, std::span<float> values);

}  // namespace chestmap
