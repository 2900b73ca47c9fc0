#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "metrics/coco_average_precision.h"
#include "metrics/free_response.h"
#include "metrics/localization_case.h"
#include "metrics/mask_case.h"
#include "metrics/ranking.h"
#include "metrics/threshold_measures.h"

namespace chestmap {

// The measures that an evaluation reports. To add one:
//   1. write it in a file of its own, with its formula, source and a worked example in the header,
//      as a function of what its kind below names;
//   2. add one line to the kind's table in measures.cpp.
// Its intervals, the mean over findings, the JSON, the CSV and the tables follow from the table.
//
// A measure's name is its key in evaluation.json, "GROUP.THRESHOLD" where it takes a threshold; its
// title is for tables and reports. Names are unique over all kinds.

/// A measure of one finding's scores over all images.
struct ClassificationMeasure {
  std::string name;
  std::string title;
  std::function<std::optional<double>(const Ranking&, std::span<const double> weights)> value;
};

/// A measure of one finding's decisions at a threshold (`confusion_at`), which the caller brings.
struct ThresholdMeasure {
  std::string name;
  std::string title;
  std::function<std::optional<double>(const Confusion&)> value;
};

/// A measure of one finding's boxes and peaks over the boxed images: the ratio of the weighted sums
/// of the images' shares (`RatioOfSums`).
struct LocalizationMeasure {
  std::string name;
  std::string title;
  std::function<Fraction(const LocalizationCase&)> share;
};

/// A measure of one finding's masks over the segmented images, likewise a ratio of sums.
struct MaskMeasure {
  std::string name;
  std::string title;
  std::function<Fraction(const MaskCase&)> share;
};

/// A measure of one finding's ranked detections over all images, normal ones included, matched at
/// an IoU of `threshold`.
struct DetectionMeasure {
  std::string name;
  std::string title;
  double threshold = 0.5;
  std::function<std::optional<double>(const MatchedWeights&)> value;
};

/// A measure of one finding's marks over all images, normal ones included.
struct FreeResponseMeasure {
  std::string name;
  std::string title;
  std::function<std::optional<double>(const WeighedMarks&)> value;
};

[[nodiscard]] std::vector<ClassificationMeasure> classification_measures();
[[nodiscard]] std::vector<ThresholdMeasure> threshold_measures();
[[nodiscard]] std::vector<LocalizationMeasure> localization_measures();
[[nodiscard]] std::vector<MaskMeasure> mask_measures();
[[nodiscard]] std::vector<DetectionMeasure> detection_measures();
[[nodiscard]] std::vector<FreeResponseMeasure> free_response_measures();

}  // namespace chestmap
