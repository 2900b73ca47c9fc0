#pragma once

#include <filesystem>
#include <string_view>

#include "predictions/prediction_set.h"

namespace chestmap {

/// Parses COCO results: a list of `{"image_id", "category_id", "bbox": [x, y, width, height],
/// "score"}`, or with `"segmentation"` (run lengths) beside or instead of `bbox`. `image_id` is
/// COCO's number, or the image's name; `category_id` is COCO's number (elsewhere: findings counted
/// from 1), or the finding's name. A mask of another size than the frame is brought to it. Boxes
/// and masks without area are set aside. Throws UserError with file and path.
[[nodiscard]] PredictionSet parse_coco_results(std::string_view text,
                                               const std::filesystem::path& file,
                                               const Dataset& dataset);

}  // namespace chestmap
