#pragma once

#include <cstdint>

namespace chestmap {

// Bits of small floating-point numbers as single precision, which holds all of them exactly.

/// IEEE 754 half precision: 1 sign, 5 exponent, 10 fraction bits.
[[nodiscard]] float float_of_half(std::uint16_t bits) noexcept;
/// The upper half of a single-precision number.
[[nodiscard]] float float_of_bfloat16(std::uint16_t bits) noexcept;
/// Micikevicius et al. 2022, *FP8 formats for deep learning*: 4 exponent bits with bias 7 and no
/// infinity (NaN is all ones); 5 exponent bits with bias 15, as half precision.
[[nodiscard]] float float_of_e4m3(std::uint8_t bits) noexcept;
[[nodiscard]] float float_of_e5m2(std::uint8_t bits) noexcept;

}  // namespace chestmap
