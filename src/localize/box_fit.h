#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "image/image.h"

namespace chestmap {

/// Fits the level of the median-peak rule for one finding and one kind of map: the fraction at
/// which the median area of the boxes, over maps of images that show the finding, comes nearest (in
/// logarithm) to an expected area. Only image-level labels choose the maps; no box is looked at.
class BoxFit {
 public:
  BoxFit();

  /// Counts a map; `area_of_frame` of a box is its area over the map's.
  void add(const ImageF& map);
  [[nodiscard]] std::size_t maps() const noexcept { return areas_.empty() ? 0 : areas_[0].size(); }
  /// The fraction for boxes of `expected_area` (of the frame's area); nothing where no map was
  /// counted.
  [[nodiscard]] std::optional<double> fraction(double expected_area) const;

 private:
  std::vector<double> candidates_;
  std::vector<std::vector<double>> areas_;  // [candidate][map]
};

}  // namespace chestmap
