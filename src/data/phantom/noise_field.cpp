#include "data/phantom/noise_field.h"

#include <cmath>

namespace chestmap::phantom {

namespace {

float lattice(std::int32_t x, std::int32_t y, std::uint32_t seed) noexcept {
  std::uint32_t h = seed ^ (static_cast<std::uint32_t>(x) * 0x8da6b343U) ^
                    (static_cast<std::uint32_t>(y) * 0xd8163841U);
  h ^= h >> 15U;
  h *= 0x2c1b3c6dU;
  h ^= h >> 12U;
  h *= 0x297a2d39U;
  h ^= h >> 15U;
  return static_cast<float>(h >> 8U) * (2.0F / 16777215.0F) - 1.0F;
}

}  // namespace

float value_noise(float x, float y, std::uint32_t seed) noexcept {
  const float fx = std::floor(x);
  const float fy = std::floor(y);
  const auto ix = static_cast<std::int32_t>(fx);
  const auto iy = static_cast<std::int32_t>(fy);
  const float tx = x - fx;
  const float ty = y - fy;
  const float sx = tx * tx * (3.0F - 2.0F * tx);
  const float sy = ty * ty * (3.0F - 2.0F * ty);
  const float a = lattice(ix, iy, seed);
  const float b = lattice(ix + 1, iy, seed);
  const float c = lattice(ix, iy + 1, seed);
  const float d = lattice(ix + 1, iy + 1, seed);
  const float top = a + (b - a) * sx;
  const float bottom = c + (d - c) * sx;
  return top + (bottom - top) * sy;
}

float cloud_noise(float x, float y, std::uint32_t seed) noexcept {
  return 0.57F * value_noise(x, y, seed) + 0.28F * value_noise(2.1F * x, 2.1F * y, seed + 1U) +
         0.15F * value_noise(4.3F * x, 4.3F * y, seed + 2U);
}

}  // namespace chestmap::phantom
