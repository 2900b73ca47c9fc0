#include "weights/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace chestmap {

namespace {

double sigmoid(double logit) { return 1.0 / (1.0 + std::exp(-logit)); }

/// Null where the finding is not calibrated.
const FindingCalibration* calibration_of(const ModelSpec& spec, std::size_t finding) {
  if (!spec.calibration || !spec.calibration->findings[finding]) return nullptr;
  return &*spec.calibration->findings[finding];
}

/// Null where the finding's logits stay as they are.
const FindingCalibration* line_of(const ModelSpec& spec, std::size_t finding) {
  const FindingCalibration* calibration = calibration_of(spec, finding);
  return calibration != nullptr && calibration->knots.empty() ? calibration : nullptr;
}

double on_curve(const std::vector<CalibrationKnot>& knots, double logit) {
  const auto above = std::upper_bound(
      knots.begin(), knots.end(), logit,
      [](double value, const CalibrationKnot& knot) { return value < knot.logit; });
  if (above == knots.begin()) return knots.front().probability;
  if (above == knots.end()) return knots.back().probability;
  const CalibrationKnot& low = *(above - 1);
  const double share = (logit - low.logit) / (above->logit - low.logit);
  return low.probability + share * (above->probability - low.probability);
}

/// The least logit at which the curve reaches `probability`.
double where_curve_reaches(const std::vector<CalibrationKnot>& knots, double probability) {
  const auto reached = std::find_if(knots.begin(), knots.end(), [&](const CalibrationKnot& knot) {
    return knot.probability >= probability;
  });
  if (reached == knots.end()) return std::numeric_limits<double>::infinity();
  if (reached == knots.begin()) return -std::numeric_limits<double>::infinity();
  const CalibrationKnot& low = *(reached - 1);
  const double share = (probability - low.probability) / (reached->probability - low.probability);
  return low.logit + share * (reached->logit - low.logit);
}

}  // namespace

double probability_of(const ModelSpec& spec, std::size_t finding, double logit) {
  const FindingCalibration* calibration = calibration_of(spec, finding);
  if (calibration != nullptr && !calibration->knots.empty())
    return on_curve(calibration->knots, logit);
  return sigmoid(calibrated_logit(spec, finding, logit));
}

double calibrated_logit(const ModelSpec& spec, std::size_t finding, double logit) {
  const FindingCalibration* line = line_of(spec, finding);
  return line == nullptr ? logit : line->slope * logit + line->intercept;
}

void calibrate_logits(const ModelSpec& spec, std::size_t finding, std::span<float> logits) {
  const FindingCalibration* line = line_of(spec, finding);
  if (line == nullptr) return;
  for (float& logit : logits)
    logit = static_cast<float>(line->slope * static_cast<double>(logit) + line->intercept);
}

double threshold_logit(const ModelSpec& spec, std::size_t finding) {
  double threshold = 0.5;
  if (spec.thresholds) threshold = spec.thresholds->probabilities[finding].value_or(threshold);
  const FindingCalibration* calibration = calibration_of(spec, finding);
  if (calibration != nullptr && !calibration->knots.empty())
    return where_curve_reaches(calibration->knots, threshold);
  return std::log(threshold / (1.0 - threshold));
}

bool is_seen(double probability, double threshold) noexcept {
  return static_cast<float>(probability) >= static_cast<float>(threshold);
}

}  // namespace chestmap
