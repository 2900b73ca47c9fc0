#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "data/record.h"
#include "geometry/boxes_from_map.h"

namespace chestmap {

/// A classifier's probabilities.
struct Predictions {
  FindingList findings;              ///< of the classifier, in the order of its outputs
  std::vector<std::size_t> records;  ///< indices into the data set's records
  std::vector<float> probabilities;  ///< records x findings, row-major

  [[nodiscard]] float probability(std::size_t row, std::size_t finding) const {
    return probabilities[row * findings.size() + finding];
  }
};

/// What a method drew for one finding on one image, in the record's frame.
struct FindingLocalization {
  Point peak;
  std::vector<ScoredBox> boxes;
};

/// A method of localization, with its results on every boxed image for every finding: average false
/// positives count the boxes of a finding on the images that do not show it, too.
struct LocalizationMethod {
  std::string name;         ///< e.g. "multiscale attention map", "Grad-CAM", "fixed centre box"
  bool is_control = false;  ///< never saw the image
  bool uses_boxes = false;  ///< something of it was picked or fitted on radiologists' boxes
  std::vector<FindingLocalization> results;  ///< boxed images x findings of the `Predictions`
};

/// Those of `records` that have a box, in their order: the images that localization is scored on.
[[nodiscard]] std::vector<std::size_t> boxed_records(const Dataset& dataset,
                                                     std::span<const std::size_t> records);

}  // namespace chestmap
