#include "geometry/map_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace chestmap {

std::optional<ValueRange> range_of(std::span<const float> values) {
  // Branchless lanes, which compilers turn into vectors; a NaN fails every comparison.
  constexpr std::size_t kLanes = 8;
  constexpr float kLargest = std::numeric_limits<float>::max();
  std::array<float, kLanes> least;
  std::array<float, kLanes> most;
  least.fill(std::numeric_limits<float>::infinity());
  most.fill(-std::numeric_limits<float>::infinity());
  const auto take = [&](float value, std::size_t lane) {
    least[lane] = value < least[lane] && value >= -kLargest ? value : least[lane];
    most[lane] = value > most[lane] && value <= kLargest ? value : most[lane];
  };
  std::size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) take(values[i + lane], lane);
  for (; i < values.size(); ++i) take(values[i], 0);
  const float low = *std::min_element(least.begin(), least.end());
  const float high = *std::max_element(most.begin(), most.end());
  if (!(low < high)) return std::nullopt;
  return ValueRange{static_cast<double>(low), static_cast<double>(high)};
}

double median_of(std::span<const float> values, const ValueRange& range) {
  // A histogram tells the bins that hold the middle values; bins rise with the values, so that only
  // what lies in those has to be sorted.
  constexpr std::size_t kBins = 512;
  const double scale = static_cast<double>(kBins - 1) / (range.most - range.least);
  std::array<std::uint32_t, kBins> counts{};
  std::vector<std::uint16_t> bins(values.size(), kBins);
  std::size_t finite = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) continue;
    bins[i] = static_cast<std::uint16_t>((static_cast<double>(values[i]) - range.least) * scale);
    ++counts[bins[i]];
    ++finite;
  }
  const std::size_t upper = finite / 2;
  const std::size_t lower = (finite - 1) / 2;
  std::size_t first = 0;
  std::size_t before = 0;  // values in the bins below `first`
  while (before + counts[first] <= lower) before += counts[first++];
  std::size_t last = first;
  for (std::size_t up_to = before + counts[first]; up_to <= upper; up_to += counts[last]) ++last;
  std::vector<float> middle;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (bins[i] >= first && bins[i] <= last) middle.push_back(values[i]);
  const auto place = middle.begin() + static_cast<std::ptrdiff_t>(upper - before);
  std::nth_element(middle.begin(), place, middle.end());
  const auto above = static_cast<double>(*place);
  if (lower == upper) return above;
  return (static_cast<double>(*std::max_element(middle.begin(), place)) + above) / 2.0;
}

}  // namespace chestmap
