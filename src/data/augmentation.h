#pragma once

#include <span>

#include "base/random.h"
#include "image/image.h"

namespace chestmap {

/// Random changes of a training image; all zero means none. Geometry is applied about the image
/// centre and samples bilinearly; what falls outside repeats the edge.
struct Augmentation {
  double shift = 0.0;       ///< largest shift, as a fraction of the side
  double scale = 0.0;       ///< scale factor in [1 - scale, 1 + scale]
  double rotation = 0.0;    ///< largest angle, degrees
  double flip = 0.0;        ///< probability of a left-right flip
  double brightness = 0.0;  ///< largest added offset, of [0, 1]
  double contrast = 0.0;    ///< factor about the image mean in [1 - contrast, 1 + contrast]
  double gamma = 0.0;       ///< exponent in [1 / (1 + gamma), 1 + gamma], log-uniform
  friend bool operator==(const Augmentation&, const Augmentation&) = default;
};

/// One draw of every change. The anatomy moves by (shift_x, shift_y), grows by `scale` and turns
/// by `degrees` (clockwise on the screen); a flip comes before them.
struct AugmentationDraw {
  bool flip = false;
  double shift_x = 0.0;  ///< fraction of the width, to the right
  double shift_y = 0.0;  ///< fraction of the height, downwards
  double scale = 1.0;
  double degrees = 0.0;
  double brightness = 0.0;
  double contrast = 1.0;
  double gamma = 1.0;
};

/// Takes the same number of values from `stream` whatever the ranges are, so that changing one
/// range leaves the other draws as they were.
[[nodiscard]] AugmentationDraw draw(const Augmentation& augmentation, RandomStream& stream);

/// `image`, in [0, 1], with the draw applied: geometry, then contrast, brightness, clamping to
/// [0, 1], gamma.
[[nodiscard]] ImageF augmented(const ImageF& image, const AugmentationDraw& draw);
/// The same into `result`, which has room for all of the image's pixels and lies elsewhere.
void augment(const ImageF& image, const AugmentationDraw& draw, std::span<float> result);

}  // namespace chestmap
