#pragma once

#include <cstddef>
#include <span>

#include "geometry/box.h"
#include "geometry/boxes_from_map.h"

namespace chestmap {

/// What a method found for one finding in one boxed image, beside the radiologists' boxes; all in
/// one frame. `truth` is empty where the image has no box of the finding.
struct LocalizationCase {
  std::span<const Box> truth;
  std::span<const ScoredBox> detected;
  Point peak;
  std::size_t boxes_in_image = 0;  ///< radiologists' boxes of all findings
};

/// One image's share of a measure that is a ratio of sums over images.
struct Fraction {
  double numerator = 0.0;
  double denominator = 0.0;
};

/// How a detected box is held against a true one.
enum class Overlap {
  iou,     ///< intersection over union
  iobb,    ///< intersection over the detected box
  centre,  ///< 1 where the detected box's centre lies in the true one, else 0
};

[[nodiscard]] double overlap_of(Overlap overlap, const Box& detected, const Box& truth) noexcept;

}  // namespace chestmap
