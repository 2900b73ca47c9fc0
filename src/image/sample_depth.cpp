#include "image/sample_depth.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace chestmap {

namespace {

template <typename T>
constexpr float kWhite = static_cast<float>(static_cast<T>(-1));

template <typename T>
std::vector<std::byte> quantised(std::span<const float> values) {
  std::vector<std::byte> samples(values.size() * sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float scaled = std::clamp(values[i], 0.0F, 1.0F) * kWhite<T>;
    // As std::lround, which is not vectorised; in doubles the half is added exactly.
    const double raised = static_cast<double>(scaled) + 0.5;
    const auto sample = static_cast<T>(static_cast<std::int32_t>(raised));
    std::memcpy(samples.data() + i * sizeof(T), &sample, sizeof(T));
  }
  return samples;
}

template <typename T>
void dequantised(std::span<const std::byte> samples, std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    T sample;
    std::memcpy(&sample, samples.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<float>(sample) / kWhite<T>;
  }
}

}  // namespace

std::vector<std::byte> to_samples(std::span<const float> values, std::size_t bits) {
  return bits == 8 ? quantised<std::uint8_t>(values) : quantised<std::uint16_t>(values);
}

void from_samples(std::span<const std::byte> samples, std::size_t bits, std::span<float> values) {
  if (bits == 8)
    dequantised<std::uint8_t>(samples, values);
  else
    dequantised<std::uint16_t>(samples, values);
}

}  // namespace chestmap
