#include "base/random.h"

#include <cmath>

namespace chestmap {

namespace {

std::uint64_t mix(std::uint64_t z) noexcept {
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15ULL;

}  // namespace

RandomStream::RandomStream(std::initializer_list<std::uint64_t> key) noexcept : state_(kGolden) {
  for (const std::uint64_t part : key) state_ = mix(state_ ^ mix(part + kGolden)) + kGolden;
}

std::uint64_t RandomStream::next() noexcept {
  state_ += kGolden;
  return mix(state_);
}

double RandomStream::uniform() noexcept { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

double RandomStream::uniform(double low, double high) noexcept {
  return low + (high - low) * uniform();
}

std::uint64_t RandomStream::below(std::uint64_t n) noexcept {
  const std::uint64_t limit = ~std::uint64_t{0} - ~std::uint64_t{0} % n;
  std::uint64_t value = next();
  while (value >= limit) value = next();
  return value % n;
}

double RandomStream::normal() noexcept {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  double u = 0.0;
  double v = 0.0;
  double s = 0.0;
  do {
    u = uniform(-1.0, 1.0);
    v = uniform(-1.0, 1.0);
    s = u * u + v * v;
  } while (s >= 1.0 || s == 0.0);
  const double factor = std::sqrt(-2.0 * std::log(s) / s);
  spare_ = v * factor;
  has_spare_ = true;
  return u * factor;
}

double RandomStream::normal(double mean, double deviation) noexcept {
  return mean + deviation * normal();
}

bool RandomStream::chance(double probability) noexcept { return uniform() < probability; }

}  // namespace chestmap
