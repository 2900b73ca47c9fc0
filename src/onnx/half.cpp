#include "onnx/half.h"

#include <algorithm>
#include <cmath>

namespace chestmap {

std::uint16_t half_bits(float value) {
  constexpr int kFractionBits = 10;
  constexpr int kLeastExponent = -14;  // of a normal number; below it the step stays 2^-24
  constexpr std::uint16_t kInfinity = 0x7C00;
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const auto with_sign = [sign](unsigned bits) { return static_cast<std::uint16_t>(sign | bits); };
  if (std::isnan(value)) return with_sign(kInfinity | 0x200U);
  const double size = std::abs(static_cast<double>(value));
  if (size == 0.0) return with_sign(0);
  if (std::isinf(size)) return with_sign(kInfinity);
  const int exponent = std::max(std::ilogb(size), kLeastExponent);
  // The number in steps of its exponent; nearbyint rounds ties to even. Where that carries into the
  // next exponent, so does the sum of bits.
  const auto steps =
      static_cast<unsigned>(std::nearbyint(std::ldexp(size, kFractionBits - exponent)));
  const unsigned bits = (static_cast<unsigned>(exponent - kLeastExponent) << kFractionBits) + steps;
  return with_sign(bits < kInfinity ? bits : kInfinity);
}

}  // namespace chestmap
