#pragma once

#include <cstddef>
#include <vector>

#include "geometry/box.h"
#include "geometry/point.h"

namespace chestmap {

/// A map over an image: `values` row-major, `width` x `height` cells that tile the image frame
/// evenly, so that cell (i, j) covers [i, i+1) * frame_width / width by [j, j+1) * frame_height /
/// height.
struct MapView {
  const float* values = nullptr;
  std::size_t width = 0;
  std::size_t height = 0;
  double frame_width = 0.0;
  double frame_height = 0.0;
};

/// A detected box in the image frame and its score: the largest map value inside its region.
struct ScoredBox {
  Box box;
  double score = 0.0;
};

/// How boxes are drawn from a map. Every rule looks at the 8-connected regions of cells at or above
/// a level.
struct BoxRule {
  enum class Kind {
    /// Wang 2017: the map is scaled to [0, 255] by its own minimum and maximum and thresholded at
    /// 60 and at 180; one
    /// box round each region of each level (the regions of both levels are reported).
    wang,
    /// Ours: level = median + fraction * (peak - median), one box round each region.
    median_peak,
    /// Ours: one box of `area`. The region of the map's peak is taken at the level at which the box
    /// round it comes nearest (in logarithm) to `area`; regions grow as the level falls, so that
    /// the
    /// level is found by bisection between peak and minimum. The box is centred on the region's
    /// centre of mass and takes the square root of its ratio of deviations as its ratio of sides,
    /// each
    /// cell of the box round it weighing (value - least in that box)^2; it is moved into the frame
    /// where it reaches beyond.
    expected_area,
  };
  Kind kind = Kind::median_peak;
  double fraction = 0.5;       ///< of `median_peak`, in (0, 1)
  std::size_t most_boxes = 1;  ///< of `median_peak`: the regions with the highest scores are kept
  double area = 0.04;          ///< of `expected_area`: the box's area over the frame's, in (0, 1]
};

/// The boxes of `map` under `rule`, highest score first; ties by area, then position, so that the
/// order is fixed. A constant map has no box.
[[nodiscard]] std::vector<ScoredBox> boxes_from_map(const MapView& map, const BoxRule& rule);

/// The centre, in the image frame, of the map's largest cell (the first in row-major order among
/// equals).
[[nodiscard]] Point peak_of_map(const MapView& map);

}  // namespace chestmap
