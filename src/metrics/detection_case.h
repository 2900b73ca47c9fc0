#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "geometry/mask.h"
#include "metrics/localization_case.h"

namespace chestmap {

/// The detections of one finding in one image and their overlaps with the true regions. Every image
/// that is scored has a case, normal ones too: their detections are false.
struct DetectionCase {
  std::size_t image = 0;         ///< indexes the weights
  std::size_t truths = 0;        ///< true regions
  std::vector<double> scores;    ///< one a detection
  std::vector<double> overlaps;  ///< row-major, detections x true regions

  [[nodiscard]] double overlap(std::size_t detection, std::size_t truth) const {
    return overlaps[detection * truths + truth];
  }
};

/// Throws std::invalid_argument where a score is NaN.
[[nodiscard]] DetectionCase detection_case(std::size_t image, std::span<const ScoredBox> detected,
                                           std::span<const Box> truth, Overlap overlap);
/// By masks: IoU, or the intersection over the detected mask, or whether the centre of the detected
/// mask's bounding box lies in the true one. Throws std::invalid_argument where a score is NaN, the
/// scores are not as many as the masks, or the masks differ in size.
[[nodiscard]] DetectionCase detection_case(std::size_t image, std::span<const double> scores,
                                           std::span<const Mask> detected,
                                           std::span<const Mask> truth, Overlap overlap);

}  // namespace chestmap
