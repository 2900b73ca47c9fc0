#include "metrics/bootstrap.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

namespace chestmap {
namespace {

std::vector<std::string> patients_of(std::size_t count, std::size_t images_each) {
  std::vector<std::string> patients;
  for (std::size_t i = 0; i < count; ++i)
    patients.insert(patients.end(), images_each, fmt::format("patient {}", i));
  return patients;
}

/// The weighted share of images with `hit`.
Statistics share_of(const std::vector<bool>& hit) {
  return [hit](std::span<const double> weights) -> std::vector<std::optional<double>> {
    double hits = 0.0;
    double all = 0.0;
    for (std::size_t i = 0; i < hit.size(); ++i) {
      const double weight = weights.empty() ? 1.0 : weights[i];
      all += weight;
      if (hit[i]) hits += weight;
    }
    return {all > 0.0 ? std::optional(hits / all) : std::nullopt};
  };
}

/// Half the width of the normal interval of a proportion.
double half_width(double share, double count) {
  return 1.959964 * std::sqrt(share * (1.0 - share) / count);
}

TEST(PatientResamples, DrawAsManyPatientsAsThereAreAndKeepAPatientsImagesTogether) {
  const auto patients = patients_of(50, 3);
  const PatientResamples resamples(patients, {20, 4});
  EXPECT_EQ(resamples.patients(), 50U);
  for (std::size_t number = 0; number < 20; ++number) {
    const auto weights = resamples.weights(number);
    EXPECT_EQ(std::accumulate(weights.begin(), weights.end(), 0.0), 150.0);
    for (std::size_t i = 0; i < weights.size(); i += 3) {
      EXPECT_EQ(weights[i], weights[i + 1]);
      EXPECT_EQ(weights[i], weights[i + 2]);
    }
  }
}

TEST(PatientResamples, AreAFunctionOfSeedNumberAndPatientsAlone) {
  const auto patients = patients_of(30, 2);
  const PatientResamples one(patients, {10, 4});
  const PatientResamples more(patients, {99, 4});
  const PatientResamples other(patients, {10, 5});
  EXPECT_EQ(one.weights(7), more.weights(7));
  EXPECT_NE(one.weights(7), other.weights(7));
  EXPECT_NE(one.weights(7), one.weights(8));
  auto reversed = patients;
  std::reverse(reversed.begin(), reversed.end());
  auto weights = PatientResamples(reversed, {10, 4}).weights(7);
  std::reverse(weights.begin(), weights.end());
  EXPECT_EQ(weights, one.weights(7));
}

TEST(Bootstrap, IntervalOfAProportionAgreesWithTheNormalApproximation) {
  std::vector<bool> hit(400, false);
  std::fill_n(hit.begin(), 120, true);
  const PatientResamples resamples(patients_of(400, 1), {4000, 1});
  const std::vector<Statistics> statistics = {share_of(hit)};
  const auto estimate = estimate_of(bootstrap(resamples, statistics)[0]);
  ASSERT_TRUE(estimate && estimate->interval);
  EXPECT_EQ(estimate->value, 0.3);
  // 0.3 -+ 0.0449. The resampled shares lie on a grid of 1/400 = 0.0025, and the outer 2.5% of
  // 4000 resamples is known to 0.001 (one standard error).
  EXPECT_NEAR(estimate->interval->low, 0.3 - half_width(0.3, 400), 0.005);
  EXPECT_NEAR(estimate->interval->high, 0.3 + half_width(0.3, 400), 0.005);
}

TEST(Bootstrap, ThePatientIsTheUnit) {
  // 100 patients with 4 equal images each carry the information of 100 images: twice the width of
  // the case above.
  std::vector<bool> hit(400, false);
  std::fill_n(hit.begin(), 120, true);
  const PatientResamples resamples(patients_of(100, 4), {4000, 1});
  const std::vector<Statistics> statistics = {share_of(hit)};
  const auto estimate = estimate_of(bootstrap(resamples, statistics)[0]);
  // Grid 1/100, standard error of the outer 2.5% 0.002.
  EXPECT_NEAR(estimate->interval->low, 0.3 - half_width(0.3, 100), 0.014);
  EXPECT_NEAR(estimate->interval->high, 0.3 + half_width(0.3, 100), 0.014);
}

TEST(Bootstrap, DifferencesArePaired) {
  // b misses one hit of a, so that every paired difference is the weight of that image over 400,
  // while either share alone varies by 0.09.
  std::vector<bool> a(400, false);
  std::fill_n(a.begin(), 120, true);
  std::vector<bool> b = a;
  b[0] = false;
  const PatientResamples resamples(patients_of(400, 1), {500, 2});
  const std::vector<Statistics> statistics = {share_of(a), share_of(b)};
  const auto results = bootstrap(resamples, statistics);
  const auto difference = estimate_of(difference_of(results[0], results[1]));
  ASSERT_TRUE(difference && difference->interval);
  EXPECT_NEAR(difference->value, 1.0 / 400.0, 1e-12);
  EXPECT_NEAR(difference->interval->low, 0.0, 1e-12);
  EXPECT_LE(difference->interval->high, 4.0 / 400.0);
}

TEST(Bootstrap, UndefinedResamplesAreLeftOutAndUndefinedMeasuresHaveNoEstimate) {
  const PatientResamples resamples(patients_of(2, 1), {200, 3});
  // Defined, and then always 1, only where the first patient was drawn.
  const std::vector<Statistics> statistics = {
      [](std::span<const double> weights) -> std::vector<std::optional<double>> {
        const bool drawn = weights.empty() || weights[0] > 0.0;
        return {drawn ? std::optional(1.0) : std::nullopt, std::nullopt};
      }};
  const auto results = bootstrap(resamples, statistics);
  EXPECT_TRUE(std::any_of(results[0].resampled.begin(), results[0].resampled.end(),
                          [](double value) { return std::isnan(value); }));
  const auto estimate = estimate_of(results[0]);
  ASSERT_TRUE(estimate && estimate->interval);
  EXPECT_EQ(estimate->interval->low, 1.0);
  EXPECT_EQ(estimate->interval->high, 1.0);
  EXPECT_FALSE(estimate_of(results[1]).has_value());
  EXPECT_FALSE(estimate_of(difference_of(results[0], results[1])).has_value());
}

TEST(Bootstrap, WithoutResamplesThereIsAValueAndNoInterval) {
  const PatientResamples resamples(patients_of(3, 1), {0, 0});
  const std::vector<Statistics> statistics = {share_of({true, false, false})};
  const auto estimate = estimate_of(bootstrap(resamples, statistics)[0]);
  ASSERT_TRUE(estimate);
  EXPECT_EQ(estimate->value, 1.0 / 3.0);
  EXPECT_FALSE(estimate->interval.has_value());
}

TEST(MeanOf, LeavesOutUndefinedStatisticsAndResamplesWithAGap) {
  const double gap = std::nan("");
  const std::vector<Bootstrapped> statistics = {
      {0.2, {0.1, 0.3, gap}}, {std::nullopt, {gap, gap, gap}}, {0.6, {0.5, 0.7, 0.9}}};
  const Bootstrapped mean = mean_of(statistics);
  EXPECT_DOUBLE_EQ(mean.value.value(), 0.4);
  EXPECT_DOUBLE_EQ(mean.resampled[0], 0.3);
  EXPECT_DOUBLE_EQ(mean.resampled[1], 0.5);
  EXPECT_TRUE(std::isnan(mean.resampled[2]));
  EXPECT_FALSE(mean_of({}).value.has_value());
}

TEST(PercentileInterval, InterpolatesLinearly) {
  std::vector<double> values(101);
  std::iota(values.begin(), values.end(), 0.0);
  std::reverse(values.begin(), values.end());
  // Of 0, 1, ..., 100 the q-quantile is 100 q.
  const auto interval = percentile_interval(values);
  EXPECT_NEAR(interval->low, 2.5, 1e-9);
  EXPECT_NEAR(interval->high, 97.5, 1e-9);
  EXPECT_NEAR(percentile_interval(values, 0.5)->low, 25.0, 1e-9);
  EXPECT_FALSE(percentile_interval({1.0, std::nan("")}).has_value());
}

}  // namespace
}  // namespace chestmap
