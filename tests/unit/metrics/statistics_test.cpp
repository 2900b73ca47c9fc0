#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "base/random.h"
#include "metrics/bca_interval.h"
#include "metrics/bootstrap.h"
#include "metrics/holm.h"
#include "metrics/normal_distribution.h"
#include "metrics/paired_test.h"

namespace chestmap {
namespace {

std::vector<std::string> names(std::size_t count) {
  std::vector<std::string> patients;
  for (std::size_t i = 0; i < count; ++i) patients.push_back(fmt::format("patient {}", i));
  return patients;
}

double weight_of(std::span<const double> weights, std::size_t i) {
  return weights.empty() ? 1.0 : weights[i];
}

/// The weighted mean of (x - mean)^power, or of x for power 1.
Statistics moment_of(std::vector<double> x, int power) {
  return [x = std::move(x),
          power](std::span<const double> weights) -> std::vector<std::optional<double>> {
    double sum = 0.0;
    double all = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      sum += weight_of(weights, i) * x[i];
      all += weight_of(weights, i);
    }
    if (all <= 0.0) return {std::nullopt};
    const double mean = sum / all;
    if (power == 1) return {mean};
    double moment = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i)
      moment += weight_of(weights, i) * std::pow(x[i] - mean, power);
    return {moment / all};
  };
}

Bootstrapped bootstrapped(const Statistics& statistic, std::size_t patients,
                          const BootstrapOptions& options) {
  const PatientResamples resamples(names(patients), options);
  return bootstrap(resamples, std::vector<Statistics>{statistic})[0];
}

// Efron and Tibshirani 1993, table 14.1: test A of 26 children.
const std::vector<double> kSpatial = {48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6,
                                      0,  33, 28, 34, 4,  32, 24, 47, 41, 24, 26, 30, 41};

TEST(BcaInterval, ReproducesThePublishedExample) {
  // Section 14.3: the variance 171.5, a = .061, z0 = .146, 90% interval (115.8, 259.6), from 2,000
  // resamples. The ends vary by some 2 and 4 between such sets.
  const Bootstrapped variance = bootstrapped(moment_of(kSpatial, 2), 26, {20000, 3});
  EXPECT_NEAR(variance.value.value(), 171.5, 0.05);
  const auto constants = bca_constants(variance);
  ASSERT_TRUE(constants);
  EXPECT_NEAR(constants->acceleration, 0.061, 0.0005);
  EXPECT_NEAR(constants->bias, 0.146, 0.05);
  const auto interval = bca_interval(variance, 0.9);
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->low, 115.8, 4.0);
  EXPECT_NEAR(interval->high, 259.6, 8.0);
}

TEST(BcaInterval, AccelerationOfAMeanHasAClosedForm) {
  // Leaving out x_i moves a mean by (mean - x_i) / (n - 1), so that a = sum c^3 / (6 (sum c^2)^1.5)
  // with c = x_i - mean.
  std::vector<double> x = {1, 2, 2, 3, 5, 8, 30};
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / 7.0;
  double squares = 0.0;
  double cubes = 0.0;
  for (const double value : x) {
    squares += std::pow(value - mean, 2);
    cubes += std::pow(value - mean, 3);
  }
  const Bootstrapped statistic = bootstrapped(moment_of(x, 1), 7, {500, 1});
  EXPECT_EQ(statistic.left_out.size(), 7U);
  EXPECT_NEAR(bca_constants(statistic)->acceleration, cubes / (6.0 * std::pow(squares, 1.5)),
              1e-12);
}

TEST(BcaInterval, GroupsOfPatientsEstimateTheSameAcceleration) {
  // Exponential values: skewness 2, a = 2 / (6 sqrt 3000) = .0061. A skewness from 300 groups has a
  // standard error of about sqrt(6 / 300) = .14, which is .0014 of a; from all it is .0012.
  RandomStream stream{61};
  std::vector<double> x(3000);
  for (double& value : x) value = -std::log(1.0 - stream.uniform());
  const Bootstrapped all = bootstrapped(moment_of(x, 1), 3000, {2, 1, 5000});
  const Bootstrapped grouped = bootstrapped(moment_of(x, 1), 3000, {2, 1, 300});
  EXPECT_EQ(all.left_out.size(), 3000U);
  EXPECT_EQ(grouped.left_out.size(), 300U);
  Bootstrapped with_spread = grouped;
  for (const Bootstrapped* statistic : {&all, &grouped}) {
    with_spread.left_out = statistic->left_out;
    with_spread.resampled = {*grouped.value - 1.0, *grouped.value + 1.0};
    EXPECT_NEAR(bca_constants(with_spread)->acceleration, 0.0061, 0.004);
    EXPECT_GT(bca_constants(with_spread)->acceleration, 0.0015);
  }
}

TEST(BcaInterval, WithoutBiasAndAccelerationIsThePercentileInterval) {
  std::vector<double> resampled(1001);
  std::iota(resampled.begin(), resampled.end(), 0.0);
  const Bootstrapped symmetric{500.0, resampled, {1.0, 2.0, 3.0}};
  const auto bca = bca_interval(symmetric);
  const auto percentile = percentile_interval(resampled);
  EXPECT_NEAR(bca->low, percentile->low, 1e-9);
  EXPECT_NEAR(bca->high, percentile->high, 1e-9);
  // A bias alone shifts both ends: z0 = Phi^-1(.7) = .5244; Phi(2 z0 - 1.96) = .1810,
  // Phi(2 z0 + 1.96) = .9987.
  const Bootstrapped biased{700.0, resampled, {1.0, 2.0, 3.0}};
  EXPECT_NEAR(bca_interval(biased)->low, 181.0, 1.0);
  EXPECT_NEAR(bca_interval(biased)->high, 998.7, 0.5);
}

TEST(BcaInterval, IsNotGivenWhereItsConstantsAreUndefined) {
  const std::vector<double> some = {1.0, 2.0, 3.0};
  EXPECT_FALSE(bca_interval({std::nullopt, some, some}).has_value());
  EXPECT_FALSE(bca_interval({2.0, some, {}}).has_value());
  EXPECT_FALSE(bca_interval({2.0, {}, some}).has_value());
  EXPECT_FALSE(bca_interval({0.5, some, some}).has_value());  // all above: z0 infinite
  const auto constant = bca_interval({1.0, {1.0, 1.0, 1.0}, {1.0, 1.0}});
  ASSERT_TRUE(constant);
  EXPECT_EQ(constant->low, 1.0);
  EXPECT_EQ(constant->high, 1.0);
}

TEST(Bootstrap, EstimatesCarryBothIntervalsAndMeansAndDifferencesTheirJackknife) {
  const std::vector<Statistics> statistics = {moment_of(kSpatial, 1), moment_of(kSpatial, 2)};
  const PatientResamples resamples(names(26), {500, 2});
  const auto results = bootstrap(resamples, statistics);
  const auto estimate = estimate_of(results[1]);
  ASSERT_TRUE(estimate && estimate->interval && estimate->bca);
  EXPECT_GT(estimate->bca->high, estimate->interval->high);  // the variance is skewed to the right
  const Bootstrapped difference = difference_of(results[1], results[0]);
  const Bootstrapped mean = mean_of(results);
  ASSERT_EQ(difference.left_out.size(), 26U);
  ASSERT_EQ(mean.left_out.size(), 26U);
  for (std::size_t i = 0; i < 26; ++i) {
    EXPECT_EQ(difference.left_out[i], results[1].left_out[i] - results[0].left_out[i]);
    EXPECT_EQ(mean.left_out[i], (results[0].left_out[i] + results[1].left_out[i]) / 2.0);
  }
}

TEST(PatientResamples, EachPatientIsLeftOutOnceWithAllImages) {
  std::vector<std::string> patients = names(50);
  const std::vector<std::string> again = patients;
  patients.insert(patients.end(), again.begin(), again.end());
  for (const std::size_t groups : {std::size_t{8}, std::size_t{50}, std::size_t{99}}) {
    const PatientResamples resamples(patients, {1, 7, groups});
    EXPECT_EQ(resamples.jackknife_size(), std::min<std::size_t>(groups, 50));
    std::vector<double> left_out(100, 0.0);
    for (std::size_t number = 0; number < resamples.jackknife_size(); ++number) {
      const auto weights = resamples.jackknife_weights(number);
      double patients_left_out = 0.0;
      for (std::size_t i = 0; i < 100; ++i) {
        EXPECT_EQ(weights[i], weights[(i + 50) % 100]);
        left_out[i] += 1.0 - weights[i];
        if (i < 50) patients_left_out += 1.0 - weights[i];
      }
      EXPECT_GE(patients_left_out, std::floor(50.0 / static_cast<double>(groups)));
      EXPECT_LE(patients_left_out, std::ceil(50.0 / static_cast<double>(groups)));
    }
    EXPECT_EQ(left_out, std::vector<double>(100, 1.0));
  }
  EXPECT_EQ(PatientResamples(patients, {1, 7, 0}).jackknife_size(), 0U);
}

TEST(PairedBootstrapTest, WorkedExample) {
  Bootstrapped difference{0.1, std::vector<double>(999, 0.2)};
  std::fill_n(difference.resampled.begin(), 4, -0.1);
  EXPECT_EQ(paired_bootstrap_p(difference), 0.01);  // 2 * (4 + 1) / 1000
  difference.resampled[0] = std::nan("");
  EXPECT_EQ(paired_bootstrap_p(difference), 2.0 * 4.0 / 999.0);
}

TEST(PairedBootstrapTest, OfAMethodWithItselfIsOne) {
  EXPECT_EQ(paired_bootstrap_p({0.0, std::vector<double>(100, 0.0)}), 1.0);
  EXPECT_FALSE(paired_bootstrap_p({std::nullopt, {0.1}}).has_value());
  EXPECT_FALSE(paired_bootstrap_p({0.1, {std::nan("")}}).has_value());
}

TEST(PairedBootstrapTest, AgreesWithTheNormalTestOfAMean) {
  // The mean of 400 values of mean .1 and deviation 1 has a standard error of 1/20: z = 2.
  RandomStream stream{62};
  std::vector<double> x(400);
  for (double& value : x) value = stream.normal();
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / 400.0;
  double squares = 0.0;
  for (double& value : x) squares += (value - mean) * (value - mean);
  const double deviation = std::sqrt(squares / 400.0);
  for (double& value : x) value = 0.1 + (value - mean) / deviation;
  const auto p = paired_bootstrap_p(bootstrapped(moment_of(x, 1), 400, {10000, 5}));
  // Some 228 of 10,000 resamples lie beyond 0, give or take 15: p = .0455 -+ .003.
  EXPECT_NEAR(p.value(), two_sided_p(2.0), 0.009);
}

TEST(Holm, WorkedExample) {
  const std::vector<double> p = {0.01, 0.04, 0.03, 0.005};
  const auto adjusted = holm_adjusted(p);
  const std::vector<double> expected = {0.03, 0.06, 0.06, 0.02};
  for (std::size_t i = 0; i < p.size(); ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-15);
}

TEST(Holm, StaysAtMostOneAndSkipsUndefinedTests) {
  const std::vector<double> p = {0.9, std::nan(""), 0.2};
  const auto adjusted = holm_adjusted(p);
  EXPECT_EQ(adjusted[0], 0.9);  // 1 * .9, the larger of that and .4
  EXPECT_TRUE(std::isnan(adjusted[1]));
  EXPECT_EQ(adjusted[2], 0.4);
  EXPECT_EQ(holm_adjusted(std::vector<double>{0.6, 0.7}), (std::vector<double>{1.0, 1.0}));
  EXPECT_TRUE(holm_adjusted({}).empty());
}

TEST(NormalDistribution, QuantilesOfTablesAndRoundTrip) {
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(normal_quantile(0.95), 1.6448536269514722, 1e-14);
  EXPECT_NEAR(normal_quantile(0.0001), -3.719016485455709, 1e-13);
  EXPECT_NEAR(normal_quantile(0.5), 0.0, 1e-15);
  EXPECT_NEAR(normal_cdf(1.0), 0.8413447460685429, 1e-15);
  EXPECT_NEAR(two_sided_p(-2.0), 0.04550026389635842, 1e-15);
  for (int step = 0; step < 82; ++step) {
    const double p = 1e-12 + 0.0123 * step;
    EXPECT_NEAR(normal_cdf(normal_quantile(p)) / p, 1.0, 1e-13);
    EXPECT_NEAR(normal_quantile(1.0 - p), -normal_quantile(p), p < 1e-6 ? 1e-4 : 1e-10);
  }
  EXPECT_EQ(normal_quantile(0.0), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(normal_quantile(1.0), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(normal_quantile(1.5)));
}

}  // namespace
}  // namespace chestmap
