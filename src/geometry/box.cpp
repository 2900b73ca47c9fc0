#include "geometry/box.h"

#include <algorithm>

namespace chestmap {

double intersection_area(const Box& a, const Box& b) noexcept {
  const double width = std::min(a.right(), b.right()) - std::max(a.x, b.x);
  const double height = std::min(a.bottom(), b.bottom()) - std::max(a.y, b.y);
  return width > 0.0 && height > 0.0 ? width * height : 0.0;
}

// The ratios are clamped because x + width - x is not always width: a box and itself could
// otherwise come out an ulp above 1.
double iou(const Box& a, const Box& b) noexcept {
  const double shared = intersection_area(a, b);
  const double joined = a.area() + b.area() - shared;
  return joined > 0.0 ? std::clamp(shared / joined, 0.0, 1.0) : 0.0;
}

double iobb(const Box& detected, const Box& truth) noexcept {
  const double area = detected.area();
  return area > 0.0 ? std::clamp(intersection_area(detected, truth) / area, 0.0, 1.0) : 0.0;
}

Box clipped(const Box& box, double width, double height) noexcept {
  const double left = std::clamp(box.x, 0.0, width);
  const double top = std::clamp(box.y, 0.0, height);
  return {left, top, std::clamp(box.right(), left, width) - left,
          std::clamp(box.bottom(), top, height) - top};
}

}  // namespace chestmap
