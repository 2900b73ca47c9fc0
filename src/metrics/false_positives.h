#pragma once

#include "metrics/localization_case.h"

namespace chestmap {

/// Average false positives (AFP) of Wang et al., CVPR 2017: detected boxes of the
/// finding that meet no true box of it with an overlap strictly above `threshold`, over the boxes
/// of all findings (984 in ChestX-ray14). The finding's map is boxed on every boxed image, so that
/// an image without a box of the finding adds each of its detected boxes.
[[nodiscard]] Fraction false_positives(const LocalizationCase& image, Overlap overlap,
                                       double threshold);

}  // namespace chestmap
