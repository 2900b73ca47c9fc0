#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace chestmap {

/// What numbers of a model were fitted on, once it was trained.
struct Fit {
  std::string method;       ///< e.g. "platt", "sensitivity=0.9"
  std::string data;         ///< the data set's name
  std::string split;        ///< "train", "valid", "test"
  std::string fingerprint;  ///< of the split's images (data/split.h)
  std::size_t images = 0;   ///< that were used; unreadable ones are not
  std::string date;  ///< ISO 8601: "2026-01-31", or with a time of day; empty: fitted in training
  friend bool operator==(const Fit&, const Fit&) = default;
};

/// A fit and what came of it: "calibration", "thresholds", "box levels".
struct NamedFit {
  std::string what;
  Fit fit;
};

/// A point of an isotonic calibration curve.
struct CalibrationKnot {
  double logit = 0.0;
  double probability = 0.0;
  friend bool operator==(const CalibrationKnot&, const CalibrationKnot&) = default;
};

/// How the logit z of one finding becomes a probability:
///   without knots  sigmoid(slope * z + intercept)   temperature T: slope 1/T, intercept 0; Platt
///   with knots     linear between them, constant beyond the outermost: isotonic
struct FindingCalibration {
  double slope = 1.0;                  ///< above 0
  double intercept = 0.0;              ///< 0 with knots, and the slope 1
  std::vector<CalibrationKnot> knots;  ///< logits rise, probabilities do not fall
  friend bool operator==(const FindingCalibration&, const FindingCalibration&) = default;
};

/// One entry a finding of the model; nothing where the split could not say.
struct Calibration {
  Fit fit;
  std::vector<std::optional<FindingCalibration>> findings;
  friend bool operator==(const Calibration&, const Calibration&) = default;
};

/// A finding counts as seen from its probability on, calibrated where the model is. One entry a
/// finding of the model; nothing where the split could not say.
struct Thresholds {
  Fit fit;
  std::vector<std::optional<double>> probabilities;
  friend bool operator==(const Thresholds&, const Thresholds&) = default;
};

/// How far a stage's map of one finding is moved, in pixels of the input, x right and y down.
struct MapShift {
  double x = 0.0;
  double y = 0.0;
  friend bool operator==(const MapShift&, const MapShift&) = default;
};

/// Moves each map to where its cells look (localize/map_alignment.h).
struct Alignment {
  Fit fit;
  std::vector<std::vector<MapShift>> shifts;  ///< [finding][stage used]
  friend bool operator==(const Alignment&, const Alignment&) = default;
};

/// The largest number that each convolution was seen to multiply, by the layer's name: what
/// `--engine int8` spreads its 255 steps over. None multiplied a number below 0.
struct InputRanges {
  Fit fit;
  std::map<std::string, double> largest;  ///< above 0
  friend bool operator==(const InputRanges&, const InputRanges&) = default;
};

}  // namespace chestmap
