#include "metrics/mask_dice.h"

namespace chestmap {

Fraction mask_dice(const MaskCase& image) {
  if (image.truth.empty()) return {};
  return {dice(image.detected, image.truth), 1.0};
}

}  // namespace chestmap
