#pragma once

#include "metrics/localization_case.h"

namespace chestmap {

/// Pointing game (Zhang et al., ECCV 2016; for boxed radiographs PYLON, Preechakul et al. 2022):
/// images whose map has its peak inside any box of the finding, over the images with a box of it.
[[nodiscard]] Fraction pointing_game(const LocalizationCase& image);

}  // namespace chestmap
