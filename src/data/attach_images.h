#pragma once

#include "data/record.h"

namespace chestmap {

/// Looks for the records' images in the data set's folder (find_image_files), by name or by name
/// without ending, so that a JPEG copy of a PNG is found. Where some are there, the records without
/// one go to `Dataset::skipped`, with their boxes and places in the lists; where none is, every
/// `Record::file` stays empty.
[[nodiscard]] Dataset with_image_files(Dataset dataset);

/// Fills in the frames that are still 0 x 0: from `image_sizes.csv` in the data set's folder
/// (columns image, width, height; or Kaggle's `train_meta.csv` with image_id, dim0 = height, dim1 =
/// width), then from the headers of the image files, then `otherwise`, widened where an image's
/// boxes leave it. What had to be assumed is said in the log. Boxes that leave a known frame by
/// less than a pixel are clipped; further out they are a UserError.
[[nodiscard]] Dataset with_frames(Dataset dataset, ImageSize otherwise);

}  // namespace chestmap
