#include "weights/small_float.h"

#include <bit>
#include <cmath>
#include <limits>

namespace chestmap {

namespace {

float with_sign(bool negative, float magnitude) { return negative ? -magnitude : magnitude; }

}  // namespace

float float_of_half(std::uint16_t bits) noexcept {
  const unsigned exponent = bits >> 10U & 0x1fU;
  const unsigned fraction = bits & 0x3ffU;
  const bool negative = (bits & 0x8000U) != 0;
  if (exponent == 0x1f)  // keeps the bits of a NaN
    return std::bit_cast<float>((bits & 0x8000U) << 16U | 0x7f800000U | fraction << 13U);
  if (exponent == 0) return with_sign(negative, std::ldexp(static_cast<float>(fraction), -24));
  return with_sign(negative,
                   std::bit_cast<float>((exponent + 127U - 15U) << 23U | fraction << 13U));
}

float float_of_bfloat16(std::uint16_t bits) noexcept {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
}

float float_of_e4m3(std::uint8_t bits) noexcept {
  const unsigned exponent = bits >> 3U & 0xfU;
  const unsigned fraction = bits & 7U;
  const bool negative = (bits & 0x80U) != 0;
  if ((bits & 0x7fU) == 0x7fU) return std::numeric_limits<float>::quiet_NaN();
  if (exponent == 0) return with_sign(negative, std::ldexp(static_cast<float>(fraction), -9));
  return with_sign(negative, std::bit_cast<float>((exponent + 127U - 7U) << 23U | fraction << 20U));
}

float float_of_e5m2(std::uint8_t bits) noexcept {
  return float_of_half(static_cast<std::uint16_t>(bits << 8U));
}

}  // namespace chestmap
