#pragma once

#include "image/image.h"

namespace chestmap {

/// The absolute scale of a map: `low` takes the colour map's first colour, `high` its last, and
/// what lies beyond takes the nearer end. The same scale for all images keeps them comparable.
struct ColorScale {
  double low = 0.0;
  double high = 1.0;
};

/// The colour at `position` in [0, 1] (clamped) of a sequential map from dark violet through
/// magenta and orange to light yellow. Its lightness (L of Oklab, Ottosson 2020) rises evenly, so
/// that equal steps of the value look equal, in print and to the colour-blind as well.
[[nodiscard]] Rgb map_color(double position) noexcept;

/// The colour of `value` on an absolute scale with low < high.
[[nodiscard]] Rgb map_color(double value, const ColorScale& scale) noexcept;

}  // namespace chestmap
