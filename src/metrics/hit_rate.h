#pragma once

#include "metrics/localization_case.h"
#include "metrics/mask_case.h"

namespace chestmap {

/// Hit rate as CheXlocalize defines it (Saporta et al. 2022): images whose map has its largest
/// value in a pixel of the true mask, over the images with a true mask. An image without a map is a
/// miss.
///
/// Example: of three images one is hit, one missed and one has no true mask: 1 / 2.
[[nodiscard]] Fraction hit_rate(const MaskCase& image);

}  // namespace chestmap
