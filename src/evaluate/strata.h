#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/record.h"

namespace chestmap {

/// A part of the images by a property of theirs or of their patients.
struct ImageStratum {
  std::string by;                   ///< "view", "sex", "age"
  std::string name;                 ///< "PA", "female", "40-59", ...
  std::vector<std::uint8_t> holds;  ///< 1 for each image that belongs to it
  std::size_t images = 0;
};

/// View position (PA, AP), sex (female, male), age in years (0-19, 20-39, 40-59, 60 and above) of
/// the records at `indices`, in this order. An image of which the property is not known is in none;
/// a property of which only one stratum has an image is left out, for it parts nothing.
[[nodiscard]] std::vector<ImageStratum> image_strata(const Dataset& dataset,
                                                     std::span<const std::size_t> indices);

}  // namespace chestmap
