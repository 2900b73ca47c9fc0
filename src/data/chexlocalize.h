#pragma once

#include <filesystem>
#include <string_view>

#include "data/record.h"

namespace chestmap {

/// Reads the radiologists' segmentations of CheXlocalize, given the folder or the file itself:
/// - `gt_segmentations_val.json`, `gt_segmentations_test.json`: image id -> finding -> `{"size":
///   [height, width], "counts": TEXT}`;
/// - `gt_annotations_val.json`, `gt_annotations_test.json`: image id -> `"img_size": [height,
///   width]` and finding -> list of polygons `[[x, y], ...]`.
/// A folder with several of them gives an error that asks for one. A finding is positive where its
/// mask is not empty, and negative elsewhere; the findings are those that the file names, by name.
/// The frame is the image's size. The patient is what stands before "_study" in the id. Polygons
/// are drawn by COCO's rule; the data set's own script draws outlines with PIL, which takes the
/// border's pixels, too. Throws UserError with file and path.
[[nodiscard]] Dataset read_chexlocalize(const std::filesystem::path& folder_or_file);

/// The same of a file's text, without image files.
[[nodiscard]] Dataset parse_chexlocalize(std::string_view text, const std::filesystem::path& file);

}  // namespace chestmap
