#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/record.h"
#include "geometry/boxes_from_map.h"
#include "geometry/mask.h"

namespace chestmap {

/// A classifier's probabilities.
struct Predictions {
  FindingList findings;              ///< of the classifier, in the order of its outputs
  std::vector<std::size_t> records;  ///< indices into the data set's records
  std::vector<float> probabilities;  ///< records x findings, row-major; `kNotPredicted` is none

  [[nodiscard]] float probability(std::size_t row, std::size_t finding) const {
    return probabilities[row * findings.size() + finding];
  }
};

/// Stands for a probability that a file does not hold; the image takes no part in the finding.
inline constexpr float kNotPredicted = -std::numeric_limits<float>::infinity();

/// A classifier under evaluation.
struct Classifier {
  std::string name = "classifier";
  Predictions predictions;
  /// A finding counts as seen from its probability on; one a finding of the predictions. Empty: 0.5
  /// for each.
  std::vector<double> thresholds;
};

/// What a method drew for one finding on one image, in the record's frame.
struct FindingLocalization {
  std::optional<Point> peak = std::nullopt;  ///< nothing where the method points at nothing
  std::vector<ScoredBox> boxes{};
  std::optional<Mask> mask = std::nullopt;  ///< of any size; it is laid over the record's frame
};

/// A method of localization, with its results on images for every finding: false positives count
/// the boxes of a finding on the images that do not show it, too.
struct LocalizationMethod {
  std::string name;         ///< e.g. "multiscale attention map", "Grad-CAM", "fixed centre box"
  bool is_control = false;  ///< never saw the image
  bool uses_boxes = false;  ///< something of it was picked or fitted on radiologists' boxes
  std::vector<FindingLocalization> results;  ///< images x findings
  bool draws_boxes = true;                   ///< else its measures by box are not computed
  bool draws_masks = false;                  ///< else its measures by mask are not computed
};

/// Those of `records` that have a box or a mask, in their order: the images that localization is
/// scored on.
[[nodiscard]] std::vector<std::size_t> boxed_records(const Dataset& dataset,
                                                     std::span<const std::size_t> records);

}  // namespace chestmap
