#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "data/phantom/anatomy.h"
#include "data/phantom/tube.h"

namespace chestmap::phantom {

/// Where and how large the body is on an image of `size` pixels a side.
struct Canvas {
  const Anatomy* anatomy = nullptr;
  double pixels = 1.0;  ///< image pixels a pixel of the 1024 frame

  Canvas(const Anatomy& a, std::size_t size)
      : anatomy(&a), pixels(static_cast<double>(size) / kPhantomFrame) {}

  /// Image pixels a cm of the mid-plane.
  [[nodiscard]] double per_cm() const noexcept {
    return pixels * 0.5 * (anatomy->pose.scale_x + anatomy->pose.scale_y);
  }
  [[nodiscard]] Point2 body_at(double column, double row) const noexcept {
    return anatomy->pose.from_frame({(column + 0.5) / pixels, (row + 0.5) / pixels});
  }
  /// A tube's point from the body; radius and weight in cm.
  [[nodiscard]] TubePoint tube(const Point3& p, double radius, double weight) const noexcept {
    const Point2 q = anatomy->pose.to_frame(anatomy->pose.project(p));
    const double m = 1.0 + anatomy->pose.magnification * p.z;
    return {q.x * pixels, q.y * pixels, radius * per_cm() * m, weight};
  }
};

}  // namespace chestmap::phantom
