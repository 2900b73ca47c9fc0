#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "metrics/detection_case.h"

namespace chestmap {

/// Detections matched with true regions as COCO's evaluation does (pycocotools, COCOeval), once for
/// all resamples: within an image the detections come in falling order of score, at most
/// `most_per_image` of them, and each takes the free true region that it overlaps most, if that
/// overlap reaches `threshold` (is equal or above, unlike Wang's measures); a true region is taken
/// once. Then all detections are ranked by score. Among equal scores the lower image number comes
/// first, and within an image the order of the case: COCO's own order where images are numbered as
/// there.
class MatchedDetections {
 public:
  MatchedDetections(std::span<const DetectionCase> images, double threshold,
                    std::size_t most_per_image = 100);

  /// A detection and whether it took a true region, highest score first.
  struct Entry {
    std::uint32_t image = 0;
    bool matched = false;
  };
  [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }
  /// The weight of the true regions of all images.
  [[nodiscard]] double truths(std::span<const double> weights) const;

 private:
  struct Truths {
    std::uint32_t image = 0;
    std::uint32_t count = 0;
  };
  std::vector<Entry> entries_;
  std::vector<Truths> truths_;
};

/// COCO's average precision: the mean over the recalls 0, .01, ..., 1 of the highest precision at
/// that recall or above, 0 beyond the highest recall. Nothing without true regions.
///
/// Example: two true regions; detections by falling score right, wrong, right. Precision 1 up to
/// recall 1/2 (51 points), 2/3 up to 1 (50 points): (51 + 50 * 2/3) / 101.
[[nodiscard]] std::optional<double> coco_average_precision(const MatchedDetections& detections,
                                                           std::span<const double> weights = {});

}  // namespace chestmap
