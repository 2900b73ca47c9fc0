#include "metrics/hit_rate.h"

namespace chestmap {

Fraction hit_rate(const MaskCase& image) {
  if (image.truth.empty()) return {};
  const bool hit = image.peak && image.truth.contains(image.peak->x, image.peak->y);
  return {hit ? 1.0 : 0.0, 1.0};
}

}  // namespace chestmap
