#include "geometry/map_statistics.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>
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

namespace {

/// Values between two bounds, these included, and how many finite ones lie below and in all.
struct Between {
  std::vector<float> values;
  std::size_t below = 0;
  std::size_t finite = 0;
};

Between between(std::span<const float> values, const ValueRange& range, float low, float high) {
  // Counted without a branch, which compilers turn into vectors; of a smooth map few blocks hold a
  // value between the bounds. What is not finite lies outside the range.
  constexpr std::size_t kBlock = 64;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto least = static_cast<float>(range.least);
  const auto most = static_cast<float>(range.most);
  Between result;
  for (std::size_t first = 0; first < values.size(); first += kBlock) {
    const auto block = values.subspan(first, std::min(kBlock, values.size() - first));
    std::uint32_t not_below = 0;  // finite ones from `low` on
    std::uint32_t above = 0;
    std::uint32_t finite = 0;
    for (const float value : block) {
      const float known = value <= most ? value : -kInfinity;  // NaN as well
      not_below += known >= low ? 1U : 0U;
      above += known > high ? 1U : 0U;
      finite += known >= least ? 1U : 0U;
    }
    const std::uint32_t below = finite - not_below;
    const std::uint32_t inside = not_below - above;
    result.below += below;
    result.finite += finite;
    if (inside == 0) continue;
    std::array<float, kBlock + 1> kept;  // each value is written, the next one over it or behind it
    std::size_t count = 0;
    for (const float value : block) {
      kept[count] = value;
      count += value >= low && value <= high ? 1 : 0;
    }
    result.values.insert(result.values.end(), kept.begin(), kept.begin() + inside);
  }
  return result;
}

/// Bounds that are very likely to hold the median, by a sample spread over the values.
std::pair<float, float> bounds_of_median(std::span<const float> values, const ValueRange& range) {
  constexpr std::size_t kSample = 4096;
  const auto least = static_cast<float>(range.least);
  const auto most = static_cast<float>(range.most);
  std::vector<float> sample;
  // An odd step meets all columns of a map whose width is a power of two.
  for (std::size_t i = 0; i < values.size(); i += values.size() / kSample | 1U)
    if (values[i] >= least && values[i] <= most) sample.push_back(values[i]);
  const std::size_t margin = sample.size() / 25;
  if (margin == 0) return {least, most};
  const auto at = [&](std::size_t place) {
    const auto nth = sample.begin() + static_cast<std::ptrdiff_t>(place);
    std::nth_element(sample.begin(), nth, sample.end());
    return *nth;
  };
  const float low = at(sample.size() / 2 - margin);
  return {low, at(sample.size() / 2 + margin)};
}

}  // namespace

double median_of(std::span<const float> values, const ValueRange& range) {
  const auto [low, high] = bounds_of_median(values, range);
  Between middle = between(values, range, low, high);
  const std::size_t upper = middle.finite / 2;
  const std::size_t lower = (middle.finite - 1) / 2;
  if (lower < middle.below || upper >= middle.below + middle.values.size())
    middle =
        between(values, range, static_cast<float>(range.least), static_cast<float>(range.most));
  const auto place = middle.values.begin() + static_cast<std::ptrdiff_t>(upper - middle.below);
  std::nth_element(middle.values.begin(), place, middle.values.end());
  const auto above = static_cast<double>(*place);
  if (lower == upper) return above;
  return (static_cast<double>(*std::max_element(middle.values.begin(), place)) + above) / 2.0;
}

}  // namespace chestmap
