#include "metrics/localization_case.h"

namespace chestmap {

double overlap_of(Overlap overlap, const Box& detected, const Box& truth) noexcept {
  switch (overlap) {
    case Overlap::iou:
      return iou(detected, truth);
    case Overlap::iobb:
      return iobb(detected, truth);
    case Overlap::centre:
      break;
  }
  const double x = detected.x + detected.width / 2.0;
  const double y = detected.y + detected.height / 2.0;
  return truth.contains(x, y) ? 1.0 : 0.0;
}

}  // namespace chestmap
