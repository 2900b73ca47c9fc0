#pragma once

#include <filesystem>
#include <string_view>

#include "predictions/prediction_set.h"

namespace chestmap {

/// Parses masks in CheXlocalize's layout: image id -> finding -> `{"size": [height, width],
/// "counts": TEXT or LIST}`, with an optional `"score"` (1 where it is missing). An empty mask says
/// that nothing was detected. A mask of another size than the frame is brought to it. Throws
/// UserError with file and path.
[[nodiscard]] PredictionSet parse_rle_masks(std::string_view text,
                                            const std::filesystem::path& file,
                                            const Dataset& dataset);

}  // namespace chestmap
