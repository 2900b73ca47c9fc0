#include "metrics/mask_iou.h"

namespace chestmap {

Fraction mask_iou(const MaskCase& image) {
  if (image.truth.empty() || image.detected.empty()) return {};
  return {iou(image.detected, image.truth), 1.0};
}

Fraction mask_iou_all(const MaskCase& image) {
  if (image.truth.empty() && image.detected.empty()) return {};
  return {iou(image.detected, image.truth), 1.0};
}

}  // namespace chestmap
