#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace chestmap {

/// The sum of the weights of `images`; an empty `weights` means 1 for each. Four sums side by side,
/// since a processor adds one number to the same sum only every few cycles; multiplicities are
/// whole numbers, whose sums are exact in any order.
[[nodiscard]] inline double gathered_sum(std::span<const std::uint32_t> images,
                                         std::span<const double> weights) noexcept {
  if (weights.empty()) return static_cast<double>(images.size());
  std::array<double, 4> sums{};
  std::size_t i = 0;
  for (; i + sums.size() <= images.size(); i += sums.size())
    for (std::size_t lane = 0; lane < sums.size(); ++lane) sums[lane] += weights[images[i + lane]];
  for (; i < images.size(); ++i) sums[0] += weights[images[i]];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace chestmap
