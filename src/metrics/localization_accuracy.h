#pragma once

#include "metrics/localization_case.h"

namespace chestmap {

/// Localization accuracy T(IoU) or T(IoBB) of Wang et al., CVPR 2017: boxes of the
/// finding that some detected box meets with an overlap strictly above `threshold`, over the boxes
/// of the finding.
[[nodiscard]] Fraction localization_accuracy(const LocalizationCase& image, Overlap overlap,
                                             double threshold);

}  // namespace chestmap
