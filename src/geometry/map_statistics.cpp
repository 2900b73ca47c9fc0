#include "geometry/map_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
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

std::size_t first_of_largest(std::span<const float> values) {
  constexpr std::size_t kLanes = 8;
  std::array<float, kLanes> most;
  most.fill(-std::numeric_limits<float>::infinity());
  std::size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      most[lane] = values[i + lane] > most[lane] ? values[i + lane] : most[lane];
  for (; i < values.size(); ++i) most[0] = values[i] > most[0] ? values[i] : most[0];
  const float largest = *std::max_element(most.begin(), most.end());
  const auto found = std::find(values.begin(), values.end(), largest);
  return found == values.end() ? 0 : static_cast<std::size_t>(found - values.begin());
}

double median_of(std::span<const float> values, const ValueRange& range) {
  // A histogram tells the bins that hold the middle values; bins rise with the values, so that only
  // what lies in those has to be sorted. Halves keep the difference of the largest floats finite,
  // and any scale will do that keeps the bins within the histogram.
  constexpr std::size_t kBins = 512;
  const auto least = static_cast<float>(range.least);
  const auto most = static_cast<float>(range.most);
  const float scale = std::min(static_cast<float>(kBins - 2) / (most * 0.5F - least * 0.5F),
                               std::numeric_limits<float>::max());
  const auto bin_of = [=](float value) {
    const bool inside = value >= least && value <= most;  // not so for what is not finite
    const float place = (value * 0.5F - least * 0.5F) * scale;
    const float bin = inside ? place : static_cast<float>(kBins);
    return static_cast<std::uint16_t>(static_cast<std::int32_t>(bin));
  };
  std::vector<std::uint16_t> bins(values.size());
  std::transform(values.begin(), values.end(), bins.begin(), bin_of);
  std::array<std::uint32_t, kBins + 1> counts{};
  for (const std::uint16_t bin : bins) ++counts[bin];
  const std::size_t finite = values.size() - counts[kBins];
  const std::size_t upper = finite / 2;
  const std::size_t lower = (finite - 1) / 2;
  std::size_t first = 0;
  std::size_t before = 0;  // values in the bins below `first`
  while (before + counts[first] <= lower) before += counts[first++];
  std::size_t last = first;
  for (std::size_t up_to = before + counts[first]; up_to <= upper; up_to += counts[last]) ++last;
  // Every value is written and only those of the middle bins kept, which needs no branch.
  const auto held = std::accumulate(counts.begin() + static_cast<std::ptrdiff_t>(first),
                                    counts.begin() + static_cast<std::ptrdiff_t>(last) + 1, 0U);
  std::vector<float> middle(held + 1);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    middle[kept] = values[i];
    kept += bins[i] >= first && bins[i] <= last ? 1 : 0;
  }
  middle.pop_back();
  const auto place = middle.begin() + static_cast<std::ptrdiff_t>(upper - before);
  std::nth_element(middle.begin(), place, middle.end());
  const auto above = static_cast<double>(*place);
  if (lower == upper) return above;
  return (static_cast<double>(*std::max_element(middle.begin(), place)) + above) / 2.0;
}

}  // namespace chestmap
