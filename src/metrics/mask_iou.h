#pragma once

#include "metrics/localization_case.h"
#include "metrics/mask_case.h"

namespace chestmap {

// Mean IoU of masks as CheXlocalize defines it (Saporta et al., Nature Machine Intelligence 2022):
// for each finding the mean over images of |detected and truth| / |detected or truth|.
//
// Example: a truth of 4 pixels of which a detection of 2 pixels covers 1: 1 / 5.

/// Over the images that have both a true and a detected mask (the true positives: what the
/// publication reports).
[[nodiscard]] Fraction mask_iou(const MaskCase& image);
/// Over the images that have either: a missed or an invented segmentation counts 0.
[[nodiscard]] Fraction mask_iou_all(const MaskCase& image);

}  // namespace chestmap
