#pragma once

#include <optional>

#include "geometry/mask.h"

namespace chestmap {

/// What a method segmented for one finding in one image, beside the radiologists' segmentation: in
/// each the union of the finding's regions, both of the image's size; empty masks where there are
/// none.
struct MaskCase {
  const Mask& truth;
  const Mask& detected;
  std::optional<Point> peak;  ///< of the method's map, in the masks' pixels
};

}  // namespace chestmap
