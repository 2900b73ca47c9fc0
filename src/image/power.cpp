#include "image/power.h"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace chestmap {

namespace {

/// All ones where `condition` holds.
inline std::int32_t mask(bool condition) noexcept { return -static_cast<std::int32_t>(condition); }

/// log2 of a normal number: the exponent, and a series in s = (m - 1) / (m + 1) of the mantissa m
/// in [sqrt(1/2), sqrt(2)): ln m = 2 (s + s^3 / 3 + s^5 / 5 + ...), |s| < 0.172.
inline float log2_of(float x) noexcept {
  constexpr std::int32_t kSqrtHalf = 0x3f3504f3;
  const auto bits = std::bit_cast<std::int32_t>(x);
  const std::int32_t exponent = (bits - kSqrtHalf) >> 23;
  const auto m = std::bit_cast<float>(bits - (exponent << 23));
  const float s = (m - 1.0F) / (m + 1.0F);
  const float q = s * s;
  constexpr float kScale = 2.885390082F;  // 2 / ln 2
  return static_cast<float>(exponent) + kScale * s * (1.0F + q * (1.0F / 3.0F + q * (1.0F / 5.0F)));
}

/// 2^y, y at most 0.5, as the bits of a float; 0 below 2^-126. The nearest whole power, and the
/// series of the rest, |f| <= 1/2.
inline std::int32_t exp2_bits(float y) noexcept {
  // Towards zero, which for these y is up: a whole n with y - n in [-1/2, 1/2].
  const auto n = static_cast<std::int32_t>(y - 0.5F);
  const float t = 0.693147181F * (y - static_cast<float>(n));
  const float power =
      1.0F + t * (1.0F + t * (1.0F / 2.0F +
                              t * (1.0F / 6.0F + t * (1.0F / 24.0F +
                                                      t * (1.0F / 120.0F + t * (1.0F / 720.0F))))));
  // Without a sign, since far below 2^-126 the sum wraps around; it is masked out.
  const std::uint32_t bits =
      std::bit_cast<std::uint32_t>(power) + (static_cast<std::uint32_t>(n) << 23U);
  return static_cast<std::int32_t>(bits) & mask(n > -126);
}

}  // namespace

void raise_to_power(std::span<float> values, float exponent) noexcept {
  constexpr std::int32_t kLeast = 0x00800000;  // the least normal number; below counts as zero
  float* value = values.data();
  const std::size_t count = values.size();
  for (std::size_t i = 0; i < count; ++i) {
    // Comparisons of whole numbers, and masks: a branch would keep the compiler from vectorising.
    const auto x = std::bit_cast<std::int32_t>(value[i]);
    const float log2 = log2_of(std::bit_cast<float>(x < kLeast ? kLeast : x));
    value[i] = std::bit_cast<float>(exp2_bits(exponent * log2) & mask(x >= kLeast));
  }
}

}  // namespace chestmap
