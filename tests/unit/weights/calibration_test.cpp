#include "weights/calibration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace chestmap {
namespace {

/// One finding.
ModelSpec spec_with(std::optional<FindingCalibration> calibration,
                    std::optional<double> threshold = std::nullopt) {
  ModelSpec spec;
  spec.findings = {"Mass"};
  spec.calibration = Calibration{{}, {std::move(calibration)}};
  spec.thresholds = Thresholds{{}, {threshold}};
  return spec;
}

const FindingCalibration kPlatt{2.0, -1.0, {}};
const FindingCalibration kIsotonic{1.0, 0.0, {{-2.0, 0.1}, {0.0, 0.1}, {1.0, 0.5}, {3.0, 0.9}}};

TEST(Calibration, WithoutAnyIsTheSigmoid) {
  ModelSpec bare;
  bare.findings = {"Mass"};
  for (const ModelSpec& spec : {bare, spec_with(std::nullopt)}) {
    EXPECT_DOUBLE_EQ(probability_of(spec, 0, 0.0), 0.5);
    EXPECT_DOUBLE_EQ(probability_of(spec, 0, std::log(3.0)), 0.75);  // 3 / (1 + 3)
    EXPECT_EQ(calibrated_logit(spec, 0, 1.25), 1.25);
    EXPECT_DOUBLE_EQ(threshold_logit(spec, 0), 0.0);
  }
}

TEST(Calibration, PlattScalesAndShiftsTheLogit) {
  const ModelSpec spec = spec_with(kPlatt, 0.75);
  EXPECT_DOUBLE_EQ(calibrated_logit(spec, 0, 0.75), 0.5);  // 2 * 0.75 - 1
  EXPECT_DOUBLE_EQ(probability_of(spec, 0, 0.5), 0.5);     // 2 * 0.5 - 1 = 0
  EXPECT_DOUBLE_EQ(threshold_logit(spec, 0), std::log(3.0));
}

TEST(Calibration, IsotonicIsLinearBetweenKnotsAndConstantBeyond) {
  const ModelSpec spec = spec_with(kIsotonic);
  EXPECT_DOUBLE_EQ(probability_of(spec, 0, -9.0), 0.1);
  EXPECT_DOUBLE_EQ(probability_of(spec, 0, -1.0), 0.1);
  EXPECT_DOUBLE_EQ(probability_of(spec, 0, 0.5), 0.3);  // half way from 0.1 to 0.5
  EXPECT_DOUBLE_EQ(probability_of(spec, 0, 1.0), 0.5);
  EXPECT_DOUBLE_EQ(probability_of(spec, 0, 2.5), 0.8);  // 0.5 + 3/4 of 0.4
  EXPECT_DOUBLE_EQ(probability_of(spec, 0, 9.0), 0.9);
  EXPECT_EQ(calibrated_logit(spec, 0, 2.5), 2.5) << "maps keep the model's own logits";
}

TEST(Calibration, IsotonicThresholdsLieWhereTheCurveReachesThem) {
  EXPECT_DOUBLE_EQ(threshold_logit(spec_with(kIsotonic, 0.3), 0), 0.5);
  EXPECT_DOUBLE_EQ(threshold_logit(spec_with(kIsotonic, 0.9), 0), 3.0);
  EXPECT_DOUBLE_EQ(threshold_logit(spec_with(kIsotonic), 0), 1.0);
  EXPECT_EQ(threshold_logit(spec_with(kIsotonic, 0.1), 0),
            -std::numeric_limits<double>::infinity());
  EXPECT_EQ(threshold_logit(spec_with(kIsotonic, 0.95), 0),
            std::numeric_limits<double>::infinity());
  // A curve that begins with a plateau is above it from its end on.
  EXPECT_NEAR(threshold_logit(spec_with(kIsotonic, 0.1 + 1e-9), 0), 0.0, 1e-8);
}

TEST(Calibration, ProbabilitiesRiseWithTheLogit) {
  for (const auto& calibration : {kPlatt, kIsotonic, FindingCalibration{}}) {
    const ModelSpec spec = spec_with(calibration);
    for (int quarter = -32; quarter < 32; ++quarter) {
      const double logit = 0.25 * quarter;
      const double here = probability_of(spec, 0, logit);
      EXPECT_LE(here, probability_of(spec, 0, logit + 0.25));
      EXPECT_TRUE(here >= 0.0 && here <= 1.0);
    }
  }
}

TEST(Calibration, SeenIsFromTheThresholdOnInSinglePrecision) {
  EXPECT_TRUE(is_seen(0.5, 0.5));
  EXPECT_FALSE(is_seen(0.499, 0.5));
  // As a file of single precision holds it.
  EXPECT_TRUE(is_seen(static_cast<double>(0.3F), 0.3));
  EXPECT_TRUE(is_seen(0.3, static_cast<double>(0.3F)));
}

}  // namespace
}  // namespace chestmap
