#include "geometry/map_statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/random.h"

namespace chestmap {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Of several shapes: even, crowded near the least value, on a grid of ties, beyond float's range
/// when subtracted, with values that are not finite, and with too few bits to be halved exactly.
std::vector<float> random_values(RandomStream& stream) {
  std::vector<float> values(1 + stream.below(200));
  const std::uint64_t shape = stream.below(6);
  for (float& value : values) {
    const double u = stream.uniform(-1.0, 1.0);
    value = static_cast<float>(shape == 1   ? std::pow(u, 30)
                               : shape == 2 ? std::round(3 * u)
                               : shape == 3 ? 3.4e38 * u
                               : shape == 5 ? 4e-44 * u
                                            : u);
    if (shape == 4 && stream.chance(0.3))
      value = stream.chance(0.5) ? kNan : (u < 0 ? -kInfinity : kInfinity);
  }
  return values;
}

TEST(MapStatistics, RangeAndMedianAgreeWithSorting) {
  RandomStream stream{15};
  for (int round = 0; round < 500; ++round) {
    const std::vector<float> values = random_values(stream);
    std::vector<float> finite;
    std::copy_if(values.begin(), values.end(), std::back_inserter(finite),
                 [](float value) { return std::isfinite(value); });
    std::sort(finite.begin(), finite.end());
    const auto range = range_of(values);
    if (finite.empty() || finite.front() == finite.back()) {
      EXPECT_FALSE(range.has_value());
      continue;
    }
    ASSERT_TRUE(range.has_value());
    EXPECT_EQ(range->least, static_cast<double>(finite.front()));
    EXPECT_EQ(range->most, static_cast<double>(finite.back()));
    const auto at = [&](std::size_t place) { return static_cast<double>(finite[place]); };
    EXPECT_EQ(median_of(values, *range),
              (at((finite.size() - 1) / 2) + at(finite.size() / 2)) / 2.0);
  }
}

TEST(MapStatistics, MedianOfManyValuesIsExactWhateverASampleOfThemSays) {
  std::vector<float> values(512 * 512);
  RandomStream stream{16};
  for (std::size_t i = 0; i < values.size(); ++i)  // a smooth hill
    values[i] = static_cast<float>(std::sin(static_cast<double>(i) / 7e4) + stream.uniform(0, .01));
  const auto sorted_median = [](std::vector<float> all) {
    std::sort(all.begin(), all.end());
    return (static_cast<double>(all[all.size() / 2 - 1]) +
            static_cast<double>(all[all.size() / 2])) /
           2.0;
  };
  EXPECT_EQ(median_of(values, range_of(values).value()), sorted_median(values));
  for (const float beyond : {5.0F, -5.0F}) {  // where those are that the sample takes, 16 of 144
    for (std::size_t i = 0; i < values.size(); ++i)
      if (i % 144 < 16) values[i] = beyond;
    EXPECT_EQ(median_of(values, range_of(values).value()), sorted_median(values));
  }
}

TEST(MapStatistics, MiddleValuesMayLieFarApart) {
  const std::vector<float> values = {0, 0, 0, 10, 10, 10};
  EXPECT_EQ(median_of(values, range_of(values).value()), 5.0);
}

TEST(MapStatistics, LargestIsTheFirstThatIsANumber) {
  EXPECT_EQ(first_of_largest(std::vector<float>{1, 3, 2, 3}), 1U);
  EXPECT_EQ(first_of_largest(std::vector<float>{kNan, -2, kNan, -1}), 3U);
  EXPECT_EQ(first_of_largest(std::vector<float>{1, kInfinity, kInfinity}), 1U);
  EXPECT_EQ(first_of_largest(std::vector<float>{kNan, -kInfinity}), 1U);
  EXPECT_EQ(first_of_largest(std::vector<float>{kNan, kNan}), 0U);
  // In every place of more values than are compared at a time.
  for (std::size_t place = 0; place < 21; ++place) {
    std::vector<float> values(21, 0.5F);
    values[place] = 1.0F;
    EXPECT_EQ(first_of_largest(values), place);
  }
}

TEST(MapStatistics, NothingFiniteOrNoDifferenceIsNoRange) {
  EXPECT_FALSE(range_of(std::vector<float>{}).has_value());
  EXPECT_FALSE(range_of(std::vector<float>{kNan, kInfinity, -kInfinity}).has_value());
  EXPECT_FALSE(range_of(std::vector<float>(20, 2.5F)).has_value());
}

}  // namespace
}  // namespace chestmap
