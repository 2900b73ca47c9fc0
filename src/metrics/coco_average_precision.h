#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "metrics/detection_case.h"

namespace chestmap {

/// The weights of detections of falling score at one overlap threshold.
struct MatchedWeights {
  double truths = 0.0;  ///< of all true regions
  /// At each detection that took a true region and weighs something, of it and those before it.
  struct Step {
    double matched = 0.0;
    double all = 0.0;
  };
  std::vector<Step> steps;
};

/// Detections matched with true regions as COCO's evaluation does (pycocotools, COCOeval), once for
/// all resamples: within an image the detections come in falling order of score, at most
/// `most_per_image` of them, and each takes the free true region that it overlaps most, if that
/// overlap reaches the threshold (is equal or above, unlike Wang's measures); a true region is
/// taken once. Then all detections are ranked by score. Among equal scores the lower image number
/// comes first, and within an image the order of the case: COCO's own order where images are
/// numbered as there.
class MatchedDetections {
 public:
  MatchedDetections(std::span<const DetectionCase> images, std::span<const double> thresholds,
                    std::size_t most_per_image = 100);

  /// At each of the thresholds, in one pass over the detections. Weights are one an image; an empty
  /// span means 1 for each.
  [[nodiscard]] std::vector<MatchedWeights> weighed(std::span<const double> weights = {}) const;

 private:
  struct Truths {
    std::uint32_t image = 0;
    std::uint32_t count = 0;
  };
  std::vector<std::uint32_t> images_;              ///< of the detections, by falling score
  std::vector<std::size_t> turns_;                 ///< detections that are matched at any threshold
  std::vector<std::vector<std::size_t>> matched_;  ///< of each threshold, indices into `turns_`
  std::vector<Truths> truths_;
};

/// COCO's average precision: the mean over the recalls 0, .01, ..., 1 of the highest precision at
/// that recall or above, 0 beyond the highest recall. Nothing without true regions.
///
/// Example: two true regions; detections by falling score right, wrong, right. Precision 1 up to
/// recall 1/2 (51 points), 2/3 up to 1 (50 points): (51 + 50 * 2/3) / 101.
[[nodiscard]] std::optional<double> coco_average_precision(const MatchedWeights& detections);

}  // namespace chestmap
