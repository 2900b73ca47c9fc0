#pragma once

#include "data/record.h"

namespace chestmap {

/// The data set without the records that have no image file, which go to `Dataset::skipped`, with
/// their boxes and places in the lists.
[[nodiscard]] Dataset without_fileless(Dataset dataset);

/// Looks for the records' images in the data set's folder (find_image_files), by name or by name
/// without ending, so that a JPEG copy of a PNG is found. Where some are there, the records without
/// one go to `Dataset::skipped` (`without_fileless`), unless archives that may hold them lie there;
/// where none is, every `Record::file` stays empty.
[[nodiscard]] Dataset with_image_files(Dataset dataset);

/// Fills in the frames that are still 0 x 0: from `image_sizes.csv` in the data set's folder
/// (columns image, width, height; or Kaggle's `train_meta.csv` with image_id, dim0 = height, dim1 =
/// width), then from the headers of the image files, then `otherwise`, widened where an image's
/// boxes leave it. What had to be assumed is said in the log. Boxes are checked
/// (`with_checked_boxes`).
[[nodiscard]] Dataset with_frames(Dataset dataset, ImageSize otherwise);

/// Boxes that leave their record's frame by less than a pixel are clipped; further out they are a
/// UserError.
[[nodiscard]] Dataset with_checked_boxes(Dataset dataset);

}  // namespace chestmap
