#pragma once

#include "metrics/localization_case.h"
#include "metrics/mask_case.h"

namespace chestmap {

/// Mean Dice coefficient 2 |detected and truth| / (|detected| + |truth|) (Dice 1945) over the
/// images with a true mask, 0 where nothing is detected.
///
/// Example: a truth of 4 pixels of which a detection of 2 pixels covers 1: 2 / 6.
[[nodiscard]] Fraction mask_dice(const MaskCase& image);

}  // namespace chestmap
