#include "metrics/delong.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "base/random.h"
#include "metrics/auroc.h"

namespace chestmap {
namespace {

/// Scores on a grid, so that many are tied; b follows a with noise of its own.
std::vector<PairedScore> random_pairs(std::size_t count, RandomStream& stream) {
  std::vector<PairedScore> images;
  for (std::size_t i = 0; i < count; ++i) {
    const bool positive = i < 2 || (i > 3 && stream.chance(0.3));
    const double a = std::round(4.0 * (stream.normal() + (positive ? 1.0 : 0.0)));
    const double b = std::round(a / 2.0 + 3.0 * stream.normal());
    images.push_back({a, b, positive});
  }
  return images;
}

std::vector<ScoredLabel> first_of(const std::vector<PairedScore>& images) {
  std::vector<ScoredLabel> scores;
  scores.reserve(images.size());
  for (const PairedScore& image : images)
    scores.push_back({scores.size(), image.a, image.positive});
  return scores;
}

double psi(double x, double y) { return x > y ? 1.0 : (x == y ? 0.5 : 0.0); }

/// The definition, by counting pairs: the covariance of two AUROCs (of `s` and `t`).
template <typename S, typename T>
double slow_covariance(const std::vector<PairedScore>& images, S s, T t) {
  const auto covariance_of_side = [&](bool side) {
    std::vector<double> of_s;
    std::vector<double> of_t;
    double others = 0.0;
    for (const PairedScore& image : images) others += image.positive != side ? 1.0 : 0.0;
    for (const PairedScore& x : images) {
      if (x.positive != side) continue;
      double beats_s = 0.0;
      double beats_t = 0.0;
      for (const PairedScore& y : images) {
        if (y.positive == side) continue;
        beats_s += side ? psi(s(x), s(y)) : psi(s(y), s(x));
        beats_t += side ? psi(t(x), t(y)) : psi(t(y), t(x));
      }
      of_s.push_back(beats_s / others);
      of_t.push_back(beats_t / others);
    }
    const auto n = static_cast<double>(of_s.size());
    double mean_s = 0.0;
    double mean_t = 0.0;
    for (std::size_t i = 0; i < of_s.size(); ++i) {
      mean_s += of_s[i] / n;
      mean_t += of_t[i] / n;
    }
    double sum = 0.0;
    for (std::size_t i = 0; i < of_s.size(); ++i) sum += (of_s[i] - mean_s) * (of_t[i] - mean_t);
    return sum / (n - 1.0) / n;
  };
  return covariance_of_side(true) + covariance_of_side(false);
}

TEST(DeLong, WorkedExample) {
  // Positives .9 and .4, negatives .5 and .1: V10 = 1, 1/2, V01 = 1/2, 1; S10 = S01 = 1/8.
  const std::vector<ScoredLabel> images = {
      {0, 0.9, true}, {1, 0.4, true}, {2, 0.5, false}, {3, 0.1, false}};
  const auto estimate = delong(images);
  ASSERT_TRUE(estimate);
  EXPECT_EQ(estimate->auroc, 0.75);
  EXPECT_EQ(estimate->variance, 1.0 / 8.0);
  // .75 -+ 1.959964 * .353553 = .0570, 1.4430; cut to 1.
  const Interval interval = delong_interval(*estimate);
  EXPECT_NEAR(interval.low, 0.0570, 5e-5);
  EXPECT_EQ(interval.high, 1.0);
  EXPECT_NEAR(delong_interval(*estimate, 0.5).high, 0.75 + 0.674490 * 0.353553, 1e-6);
}

TEST(DeLong, AgreesWithCountingPairsAndWithAuroc) {
  RandomStream stream{21};
  const auto a = [](const PairedScore& image) { return image.a; };
  const auto b = [](const PairedScore& image) { return image.b; };
  for (int round = 0; round < 30; ++round) {
    const auto images = random_pairs(20 + stream.below(100), stream);
    const auto test = delong_test(images);
    ASSERT_TRUE(test);
    const auto scores = first_of(images);
    // Sums of some hundred terms of order 1 in double.
    EXPECT_NEAR(test->a.auroc, auroc(Ranking(scores)).value(), 1e-12);
    EXPECT_EQ(delong(scores)->variance, test->a.variance);
    EXPECT_NEAR(test->a.variance, slow_covariance(images, a, a), 1e-12);
    EXPECT_NEAR(test->b.variance, slow_covariance(images, b, b), 1e-12);
    EXPECT_NEAR(test->covariance, slow_covariance(images, a, b), 1e-12);
    const double variance = slow_covariance(images, a, a) + slow_covariance(images, b, b) -
                            2.0 * slow_covariance(images, a, b);
    EXPECT_NEAR(test->z, (test->a.auroc - test->b.auroc) / std::sqrt(variance), 1e-7);
    EXPECT_NEAR(test->p, std::erfc(std::abs(test->z) / std::sqrt(2.0)), 1e-12);
  }
}

TEST(DeLong, IntervalCoversTheTruthAsOftenAsItSays) {
  // Normal scores of equal variance one apart: AUROC = Phi(1 / sqrt 2) = .76025. Of 1,000 intervals
  // of 95% some 950 hold it, with a standard error of 7; DeLong's are a little narrow at this size.
  RandomStream stream{22};
  int covered = 0;
  for (int round = 0; round < 1000; ++round) {
    std::vector<ScoredLabel> images;
    for (std::size_t i = 0; i < 120; ++i)
      images.push_back({i, stream.normal(i < 60 ? 1.0 : 0.0, 1.0), i < 60});
    const Interval interval = delong_interval(*delong(images));
    covered += interval.low <= 0.76025 && 0.76025 <= interval.high ? 1 : 0;
  }
  EXPECT_GE(covered, 920);
  EXPECT_LE(covered, 975);
}

TEST(DeLong, AClassifierDoesNotDifferFromItself) {
  RandomStream stream{23};
  auto images = random_pairs(50, stream);
  for (PairedScore& image : images) image.b = std::exp(image.a / 10.0);
  const auto test = delong_test(images);
  EXPECT_EQ(test->z, 0.0);
  EXPECT_EQ(test->p, 1.0);
}

TEST(DeLong, ADifferenceWithoutVarianceIsCertain) {
  // a ranks every pair rightly, b every one wrongly.
  const std::vector<PairedScore> images = {
      {2, 1, true}, {2, 1, true}, {1, 2, false}, {1, 2, false}};
  const auto test = delong_test(images);
  EXPECT_EQ(test->z, std::numeric_limits<double>::infinity());
  EXPECT_EQ(test->p, 0.0);
}

TEST(DeLong, SwappingTheClassifiersTurnsTheSign) {
  RandomStream stream{24};
  auto images = random_pairs(80, stream);
  const auto before = delong_test(images);
  for (PairedScore& image : images) std::swap(image.a, image.b);
  const auto after = delong_test(images);
  EXPECT_EQ(before->z, -after->z);
  EXPECT_EQ(before->p, after->p);
}

TEST(DeLong, NeedsTwoOfEachClassAndNumbers) {
  const std::vector<ScoredLabel> few = {{0, 0.9, true}, {1, 0.4, false}, {2, 0.5, false}};
  EXPECT_FALSE(delong(few).has_value());
  EXPECT_FALSE(delong({}).has_value());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<ScoredLabel> broken = {
      {0, nan, true}, {1, 0.4, true}, {2, 0.5, false}, {3, 0.1, false}};
  EXPECT_THROW(static_cast<void>(delong(broken)), std::invalid_argument);
}

}  // namespace
}  // namespace chestmap
