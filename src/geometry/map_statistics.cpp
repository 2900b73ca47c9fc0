#include "geometry/map_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace chestmap {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kLargest = std::numeric_limits<float>::max();

/// The least and the largest of the values that are no NaN, and how many these are. In lanes
/// without a branch, which compilers turn into vectors, and of which several do not wait for each
/// other.
struct Numbers {
  float least = kInfinity;
  float most = -kInfinity;
  std::size_t count = 0;
};

Numbers numbers_in(std::span<const float> values) {
  constexpr std::size_t kLanes = 16;
  constexpr std::size_t kBlock = std::size_t{1} << 16;  // what a lane counts fits in 32 bits
  Numbers all;
  for (std::size_t first = 0; first < values.size(); first += kBlock) {
    const auto block = values.subspan(first, std::min(kBlock, values.size() - first));
    std::array<float, kLanes> least;
    std::array<float, kLanes> most;
    std::array<std::uint32_t, kLanes> count{};
    least.fill(kInfinity);
    most.fill(-kInfinity);
    const auto take = [&](float value, std::size_t lane) {  // a NaN fails every comparison
      least[lane] = value < least[lane] ? value : least[lane];
      most[lane] = value > most[lane] ? value : most[lane];
      count[lane] += value == value ? 1U : 0U;
    };
    std::size_t i = 0;
    for (; i + kLanes <= block.size(); i += kLanes)
      for (std::size_t lane = 0; lane < kLanes; ++lane) take(block[i + lane], lane);
    for (; i < block.size(); ++i) take(block[i], 0);
    all.least = std::min(all.least, *std::min_element(least.begin(), least.end()));
    all.most = std::max(all.most, *std::max_element(most.begin(), most.end()));
    for (const std::uint32_t more : count) all.count += more;
  }
  return all;
}

/// The same of the finite values alone.
Numbers finite_in(std::span<const float> values) {
  Numbers all;
  for (const float value : values) {
    if (!(value >= -kLargest && value <= kLargest)) continue;
    all.least = std::min(all.least, value);
    all.most = std::max(all.most, value);
    ++all.count;
  }
  return all;
}

}  // namespace

std::optional<ValueRange> range_of(std::span<const float> values) {
  Numbers numbers = numbers_in(values);
  if (numbers.least < -kLargest || numbers.most > kLargest) numbers = finite_in(values);
  if (!(numbers.least < numbers.most)) return std::nullopt;
  return ValueRange{static_cast<double>(numbers.least), static_cast<double>(numbers.most),
                    numbers.count};
}

std::size_t first_of_largest(std::span<const float> values) {
  constexpr std::size_t kBlock = 1024;
  float largest = -kInfinity;
  std::size_t place = 0;  // of the first block that holds it
  for (std::size_t first = 0; first < values.size(); first += kBlock) {
    const float most =
        numbers_in(values.subspan(first, std::min(kBlock, values.size() - first))).most;
    if (!(most > largest)) continue;
    largest = most;
    place = first;
  }
  const auto from = values.begin() + static_cast<std::ptrdiff_t>(place);
  const auto found = std::find(from, values.end(), largest);
  return found == values.end() ? 0 : static_cast<std::size_t>(found - values.begin());
}

namespace {

/// Values between two bounds, these included, and how many finite ones lie below.
struct Between {
  std::vector<float> values;
  std::size_t below = 0;
};

/// `all_finite`: every value is.
template <bool all_finite>
Between between(std::span<const float> values, const ValueRange& range, float low, float high) {
  // Counted without a branch, which compilers turn into vectors; of a smooth map few blocks hold a
  // value between the bounds. What is not finite lies outside the range.
  constexpr std::size_t kBlock = 32;
  const auto least = static_cast<float>(range.least);
  const auto most = static_cast<float>(range.most);
  Between result;
  for (std::size_t first = 0; first < values.size(); first += kBlock) {
    const auto block = values.subspan(first, std::min(kBlock, values.size() - first));
    std::uint32_t not_below = 0;  // finite ones from `low` on
    std::uint32_t above = 0;
    std::uint32_t finite = 0;
    for (const float value : block) {
      const float known = all_finite || value <= most ? value : -kInfinity;  // NaN as well
      not_below += known >= low ? 1U : 0U;
      above += known > high ? 1U : 0U;
      if constexpr (!all_finite) finite += known >= least ? 1U : 0U;
    }
    if constexpr (all_finite) finite = static_cast<std::uint32_t>(block.size());
    result.below += finite - not_below;
    const std::uint32_t inside = not_below - above;
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

/// Bounds that are very likely to hold the value that a share of the finite values lies below, by a
/// sample spread over them. It has n^(2/3) of n values: then as many lie between the bounds.
std::pair<float, float> bounds_at(std::span<const float> values, const ValueRange& range,
                                  double share) {
  const auto least = static_cast<float>(range.least);
  const auto most = static_cast<float>(range.most);
  const double root = std::cbrt(static_cast<double>(values.size()));
  std::vector<float> sample;
  // An odd step meets all columns of a map whose width is a power of two.
  for (std::size_t i = 0; i < values.size(); i += static_cast<std::size_t>(root) | 1U)
    if (values[i] >= least && values[i] <= most) sample.push_back(values[i]);
  const auto size = static_cast<double>(sample.size());
  // Three standard deviations of the rank that the value sought has in the sample.
  const double margin = 3.0 * std::sqrt(size * share * (1.0 - share)) + 1.0;
  const auto at = [&](double rank, float beyond) {
    if (!(rank >= 0.0 && rank < size)) return beyond;
    const auto nth = sample.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(sample.begin(), nth, sample.end());
    return *nth;
  };
  const float low = at(size * share - margin, least);
  return {low, at(size * share + margin, most)};
}

}  // namespace

double median_of(std::span<const float> values, const ValueRange& range) {
  constexpr std::size_t kFew = 2048;  // are ordered as they are
  std::size_t upper = range.finite / 2;
  std::size_t lower = (range.finite - 1) / 2;
  const bool all_finite = range.finite == values.size();
  const auto narrowed = [&](float low, float high) {
    return all_finite ? between<true>(values, range, low, high)
                      : between<false>(values, range, low, high);
  };
  const auto holds_median = [&](const Between& middle) {
    return lower >= middle.below && upper < middle.below + middle.values.size();
  };
  const auto [low, high] = bounds_at(values, range, 0.5);
  Between middle = narrowed(low, high);
  if (!holds_median(middle))
    middle = narrowed(static_cast<float>(range.least), static_cast<float>(range.most));
  while (true) {
    upper -= middle.below;
    lower -= middle.below;
    const std::size_t left = middle.values.size();
    if (left <= kFew) break;
    const auto [from, to] =
        bounds_at(middle.values, range, static_cast<double>(upper) / static_cast<double>(left));
    Between inner = between<true>(middle.values, range, from, to);
    middle.below = 0;
    if (!holds_median(inner) || inner.values.size() > left / 2) break;
    middle = std::move(inner);
  }
  const auto place = middle.values.begin() + static_cast<std::ptrdiff_t>(upper);
  std::nth_element(middle.values.begin(), place, middle.values.end());
  const auto above = static_cast<double>(*place);
  if (lower == upper) return above;
  return (static_cast<double>(*std::max_element(middle.values.begin(), place)) + above) / 2.0;
}

}  // namespace chestmap
