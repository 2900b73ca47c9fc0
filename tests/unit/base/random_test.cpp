#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <vector>

namespace chestmap {
namespace {

TEST(RandomStream, NeverChangesItsValues) {
  // Without a key the stream is SplitMix64 from seed 0 behind its first number, as published:
  // e220a8397b1dcdaf, 6e789e6aa1b965f4, 06c45d188009454f, f88bb8a8724c81ec.
  RandomStream none{};
  EXPECT_EQ(none.next(), 0x6e789e6aa1b965f4ULL);
  EXPECT_EQ(none.next(), 0x06c45d188009454fULL);
  EXPECT_EQ(none.next(), 0xf88bb8a8724c81ecULL);
  // Of these keys by a second implementation of the header's description.
  RandomStream zero{0};
  EXPECT_EQ(zero.next(), 0x74152ffafb44a602ULL);
  RandomStream one{1};
  EXPECT_EQ(one.next(), 0xe6c3d212b3317fccULL);
  EXPECT_EQ(one.next(), 0x278db1d3aa85d562ULL);
  RandomStream three{1, 2, 3};
  EXPECT_EQ(three.next(), 0x4c94d579cd9efb33ULL);
  EXPECT_EQ(three.next(), 0xfd5f7a11dc1bff20ULL);
  RandomStream largest{~std::uint64_t{0}};
  EXPECT_EQ(largest.next(), 0x8fe49eccbefd50edULL);

  RandomStream real{1};
  EXPECT_EQ(real.uniform(), 0.9014254851965172);  // 0xe6c3d212b3317fcc >> 11, over 2^53
  EXPECT_EQ(real.uniform(2.0, 4.0), 2.0 + 2.0 * 0.15450583856229305);
}

TEST(RandomStream, IsAFunctionOfItsWholeKey) {
  std::map<std::uint64_t, int> seen;
  for (RandomStream stream :
       {RandomStream{}, RandomStream{0}, RandomStream{0, 0}, RandomStream{1, 2}, RandomStream{2, 1},
        RandomStream{1}, RandomStream{1, 2, 0}, RandomStream{0, 1, 2}})
    ++seen[stream.next()];
  EXPECT_EQ(seen.size(), 8U);
  RandomStream a{5, 6};
  RandomStream b{5, 6};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(a.normal(), b.normal());
}

// The bounds below are five standard deviations of the statistic: a right generator passes for all
// but one in a million keys, and the keys are fixed.
constexpr int kDraws = 100'000;
const double kRoot = std::sqrt(static_cast<double>(kDraws));

TEST(RandomStream, UniformFillsTheIntervalEvenly) {
  RandomStream stream{31};
  std::array<int, 16> bins{};
  double sum = 0.0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = stream.uniform();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
    ++bins[static_cast<std::size_t>(value * 16.0)];
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 5.0 * std::sqrt(1.0 / 12.0) / kRoot);
  double chi_square = 0.0;
  for (const int count : bins) chi_square += std::pow(count - kDraws / 16.0, 2) / (kDraws / 16.0);
  EXPECT_LT(chi_square, 15.0 + 5.0 * std::sqrt(30.0));  // 15 degrees of freedom
}

TEST(RandomStream, NormalHasTheMomentsOfANormal) {
  RandomStream stream{32};
  std::array<double, 5> moments{};
  int beyond_two = 0;
  double previous = 0.0;
  double products = 0.0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = stream.normal();
    double power = 1.0;
    for (double& moment : moments) {
      moment += power / kDraws;
      power *= value;
    }
    beyond_two += std::abs(value) > 2.0 ? 1 : 0;
    products += value * previous / kDraws;
    previous = value;
  }
  // The k-th moment's own variance is (E x^2k - (E x^k)^2) / n: 1, 3 - 1, 15, 105 - 9.
  EXPECT_NEAR(moments[1], 0.0, 5.0 / kRoot);
  EXPECT_NEAR(moments[2], 1.0, 5.0 * std::sqrt(2.0) / kRoot);
  EXPECT_NEAR(moments[3], 0.0, 5.0 * std::sqrt(15.0) / kRoot);
  EXPECT_NEAR(moments[4], 3.0, 5.0 * std::sqrt(96.0) / kRoot);
  EXPECT_NEAR(beyond_two / static_cast<double>(kDraws), 0.0455003, 5.0 * std::sqrt(0.0434) / kRoot);
  EXPECT_NEAR(products, 0.0, 5.0 / kRoot);  // the pairs of the polar method are independent

  RandomStream same{33};
  RandomStream scaled{33};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(scaled.normal(10.0, 2.0), 10.0 + 2.0 * same.normal());
}

TEST(RandomStream, NeighbouringKeysAreUnrelated) {
  double sum = 0.0;
  double products = 0.0;
  constexpr std::uint64_t kKeys = 20'000;
  double previous = 0.5;
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    RandomStream stream{3, i};
    const double value = stream.uniform();
    sum += value;
    products += (value - 0.5) * (previous - 0.5);
    previous = value;
  }
  const double root = std::sqrt(static_cast<double>(kKeys));
  EXPECT_NEAR(sum / kKeys, 0.5, 5.0 * std::sqrt(1.0 / 12.0) / root);
  EXPECT_NEAR(products / kKeys, 0.0, 5.0 / 12.0 / root);
}

TEST(RandomStream, BelowGivesEveryNumberAsOften) {
  RandomStream stream{34};
  std::array<int, 7> counts{};
  for (int i = 0; i < kDraws; ++i) ++counts.at(stream.below(7));
  for (const int count : counts)
    EXPECT_NEAR(count, kDraws / 7.0, 5.0 * std::sqrt(kDraws * 6.0 / 49.0));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(stream.below(1), 0U);

  // Of 3 * 2^62 numbers a plain remainder of 64 bits would give the lowest third twice as often.
  constexpr std::uint64_t kLarge = std::uint64_t{3} << 62U;
  int low = 0;
  for (int i = 0; i < 9000; ++i) low += stream.below(kLarge) < (std::uint64_t{1} << 62U) ? 1 : 0;
  EXPECT_NEAR(low, 3000.0, 5.0 * std::sqrt(2000.0));
}

TEST(RandomStream, ChanceHappensAsOftenAsItSays) {
  RandomStream stream{35};
  int happened = 0;
  for (int i = 0; i < kDraws; ++i) {
    happened += stream.chance(0.3) ? 1 : 0;
    ASSERT_FALSE(stream.chance(0.0));
    ASSERT_TRUE(stream.chance(1.0));
  }
  EXPECT_NEAR(happened, 0.3 * kDraws, 5.0 * std::sqrt(0.21 * kDraws));
}

TEST(Shuffle, GivesEveryOrderAsOften) {
  std::map<std::vector<int>, int> orders;
  constexpr int kShuffles = 6000;
  for (std::uint64_t i = 0; i < kShuffles; ++i) {
    RandomStream stream{36, i};
    std::vector<int> items = {1, 2, 3};
    shuffle(items, stream);
    ++orders[items];
  }
  EXPECT_EQ(orders.size(), 6U);
  for (const auto& [order, count] : orders)
    EXPECT_NEAR(count, 1000.0, 5.0 * std::sqrt(kShuffles * 5.0 / 36.0));
  std::vector<int> none;
  RandomStream stream{37};
  shuffle(none, stream);
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace chestmap
