#pragma once

#include "base/json_value.h"
#include "geometry/mask.h"
#include "image/codec.h"

namespace chestmap {

/// `[height, width]` in pixels, 1 to kLargestSide each.
[[nodiscard]] ImageSize json_height_and_width(const JsonValue& value);

/// A mask in COCO's run lengths: `{"size": [height, width], "counts": TEXT or LIST}`. Throws
/// UserError with the path where it is anything else.
[[nodiscard]] Mask mask_of_rle(const JsonValue& rle);

/// The union of polygons over `frame`, each `[x1, y1, x2, y2, ...]` (COCO) or `[[x, y], ...]`
/// (CheXlocalize). Corners may leave the frame by as much as its side. Throws UserError with the
/// path.
[[nodiscard]] Mask mask_of_polygons(const JsonValue& polygons, ImageSize frame);

}  // namespace chestmap
