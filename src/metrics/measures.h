#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "metrics/localization_case.h"
#include "metrics/ranking.h"

namespace chestmap {

// The measures that an evaluation reports. To add one:
//   1. write it in a file of its own, as a function of a `Ranking` and weights (classification) or
//      of a `LocalizationCase` (localization), with its formula and source in the header;
//   2. add one line to the table in measures.cpp.
// Its intervals, the mean over findings, the JSON, the CSV and the tables follow from the table.

/// A measure of one finding's scores over all images.
struct ClassificationMeasure {
  std::string name;   ///< the key in evaluation.json
  std::string title;  ///< for tables and reports
  std::function<std::optional<double>(const Ranking&, std::span<const double>)> value;
};

/// A measure of one finding's boxes and peaks over the boxed images: the ratio of the weighted sums
/// of the images' shares.
struct LocalizationMeasure {
  std::string name;   ///< the key in evaluation.json, "GROUP.THRESHOLD" where it takes a threshold
  std::string title;  ///< for tables and reports
  std::function<Fraction(const LocalizationCase&)> share;
};

[[nodiscard]] std::vector<ClassificationMeasure> classification_measures();
[[nodiscard]] std::vector<LocalizationMeasure> localization_measures();

}  // namespace chestmap
