#pragma once

#include "metrics/localization_case.h"

namespace chestmap {

/// Mean over the boxes of the finding of the best IoU that a detected box reaches with it, 0 where
/// nothing is detected.
[[nodiscard]] Fraction mean_iou(const LocalizationCase& image);

}  // namespace chestmap
