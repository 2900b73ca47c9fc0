#pragma once

#include "data/record.h"
#include "image/codec.h"

namespace chestmap {

/// The record's radiograph: its file, or the square that was prepared of it. Throws ImageError,
/// also where the data set does not hold the image.
[[nodiscard]] GreyImage read_record_image(const Record& record);

/// The same in [0, 1], brought to a square by area mean.
[[nodiscard]] ImageF read_record_square(const Record& record, std::size_t side);

/// Width and height of the record's image, before it was prepared. Throws ImageError.
[[nodiscard]] ImageSize read_record_image_size(const Record& record);

}  // namespace chestmap
