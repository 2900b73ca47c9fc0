#pragma once

#include <filesystem>
#include <string_view>

#include "data/record.h"

namespace chestmap {

/// Reads COCO's instances JSON, given the file itself or a folder that holds exactly one of
/// `instances*.json`, `*coco*.json`, `annotations.json` (also in `annotations/`):
/// - `images`: `id` (number or text), `file_name`, `width`, `height`, optional `patient_id`;
/// - `categories`: `id`, `name`; the findings are in their order;
/// - `annotations`: `image_id`, `category_id`, `bbox` [x, y, width, height], optional
///   `segmentation` (polygons or RLE) and `iscrowd`.
/// An annotation gives a box from `bbox` and a mask from `segmentation`, and makes the label
/// positive; other labels are negative. Annotations with `iscrowd` 1 go to `Dataset::skipped`. The
/// patient is `patient_id`, or else the image itself. Throws UserError with file and path.
[[nodiscard]] Dataset read_coco(const std::filesystem::path& folder_or_file);

/// The same of a file's text, without image files.
[[nodiscard]] Dataset parse_coco(std::string_view text, const std::filesystem::path& file);

}  // namespace chestmap
