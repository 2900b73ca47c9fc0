#include "geometry/map_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iterator>
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

std::vector<float> finite_values(std::span<const float> values, const ValueRange& range) {
  std::vector<float> finite;
  finite.reserve(range.finite);
  std::copy_if(values.begin(), values.end(), std::back_inserter(finite),
               [](float value) { return value >= -kLargest && value <= kLargest; });
  return finite;
}

/// Two bounds, and among values those between them, these included.
struct Between {
  float low;
  float high;
  std::vector<float> values;
  std::size_t below = 0;  // how many
};

Between between(std::span<const float> values, float low, float high) {
  // Counted without a branch, which compilers turn into vectors; of a smooth map few blocks hold a
  // value between the bounds.
  constexpr std::size_t kBlock = 16;
  Between result{low, high, {}};
  for (std::size_t first = 0; first < values.size(); first += kBlock) {
    const auto block = values.subspan(first, std::min(kBlock, values.size() - first));
    std::uint32_t below = 0;
    std::uint32_t not_above = 0;
    for (const float value : block) {
      below += value < low ? 1U : 0U;
      not_above += value <= high ? 1U : 0U;
    }
    result.below += below;
    const std::uint32_t inside = not_above - below;
    if (inside == 0) continue;
    std::array<float, kBlock + 1> kept;  // each value is written, the next one over it or behind it
    std::size_t count = 0;
    for (const float value : block) {
      kept[count] = value;
      count += (value >= low ? 1U : 0U) & (value <= high ? 1U : 0U);  // `&&` would be a branch
    }
    result.values.insert(result.values.end(), kept.begin(), kept.begin() + inside);
  }
  return result;
}

/// Bounds that are very likely to hold the value that a share of others lies below, of values of
/// which `low` and `high` are bounds: by a sample, in buckets of a thousandth of their distance.
std::pair<float, float> bounds_at(std::span<const float> values, float low, float high,
                                  double share) {
  constexpr std::size_t kRun = 16;         // values side by side, which compilers take as vectors
  constexpr std::size_t kStep = 9 * kRun;  // odd: meets all columns whatever the map's width
  constexpr int kBuckets = 1024;
  const double per_one = kBuckets / (static_cast<double>(high) - static_cast<double>(low));
  const float scale = static_cast<float>(std::min(per_one, static_cast<double>(kLargest)));
  std::array<std::uint32_t, kBuckets + 1> counts{};
  std::size_t size = 0;
  for (std::size_t first = 0; first + kRun <= values.size(); first += kStep, size += kRun) {
    std::array<std::int32_t, kRun> buckets;
    for (std::size_t i = 0; i < kRun; ++i)  // the distance of two floats may be infinite
      buckets[i] =
          static_cast<std::int32_t>(std::min((values[first + i] - low) * scale, float{kBuckets}));
    for (const std::int32_t bucket : buckets) ++counts[static_cast<std::size_t>(bucket)];
  }
  const auto all = static_cast<double>(size);
  // Three standard deviations of the rank that the value sought has in the sample.
  const double margin = 3.0 * std::sqrt(all * share * (1.0 - share)) + 1.0;
  const auto bucket_at = [&](double rank) {
    int bucket = 0;
    for (double below = counts[0]; bucket < kBuckets && below <= rank;)
      below += counts[static_cast<std::size_t>(++bucket)];
    return bucket;
  };
  const auto edge = [&](int bucket) {
    return static_cast<float>(static_cast<double>(low) + bucket / per_one);
  };
  const int first = bucket_at(all * share - margin);
  const int last = bucket_at(all * share + margin);
  return {first == 0 ? low : edge(first), last >= kBuckets - 1 ? high : edge(last + 1)};
}

}  // namespace

double median_of(std::span<const float> values, const ValueRange& range) {
  if (range.finite < values.size()) return median_of(finite_values(values, range), range);
  constexpr std::size_t kFew = 1024;  // are ordered as they are
  std::size_t upper = values.size() / 2;
  std::size_t lower = (values.size() - 1) / 2;
  Between middle{static_cast<float>(range.least), static_cast<float>(range.most), {}};
  std::span<const float> left = values;
  while (left.size() > kFew) {
    const auto [low, high] =
        bounds_at(left, middle.low, middle.high,
                  static_cast<double>(upper) / static_cast<double>(left.size()));
    Between inner = between(left, low, high);
    const bool held = lower >= inner.below && upper < inner.below + inner.values.size();
    if (!held || inner.values.size() > left.size() / 2) break;
    upper -= inner.below;
    lower -= inner.below;
    middle = std::move(inner);
    left = middle.values;
  }
  if (left.data() == values.data()) middle.values.assign(values.begin(), values.end());
  const auto place = middle.values.begin() + static_cast<std::ptrdiff_t>(upper);
  std::nth_element(middle.values.begin(), place, middle.values.end());
  const auto above = static_cast<double>(*place);
  if (lower == upper) return above;
  return (static_cast<double>(*std::max_element(middle.values.begin(), place)) + above) / 2.0;
}

}  // namespace chestmap
