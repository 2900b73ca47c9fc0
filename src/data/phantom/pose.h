#pragma once

#include "geometry/box.h"

namespace chestmap::phantom {

/// A point of the body, in cm: x to the patient's left (right in the image), y towards the feet
/// with 0 at the lung apices, z to the front with 0 in the mid-plane.
struct Point3 {
  double x = 0.0;
  double y = 0.0;
  double z = 0.0;
};

/// A point of the mid-plane (cm) or of a frame (pixels), as the text says.
struct Point2 {
  double x = 0.0;
  double y = 0.0;
};

/// How the body is projected on the detector. The mid-plane is mapped by a similarity (with a
/// slightly unequal scale across and along); what lies in front or behind is moved by the patient's
/// turn and tilt and magnified by the cone beam.
struct Pose {
  double scale_x = 28.4;  ///< pixels of the 1024 frame a cm, in the mid-plane
  double scale_y = 28.4;
  double cosine = 1.0;  ///< of the rotation in the image plane
  double sine = 0.0;
  Point2 centre;               ///< the body point (cm) at the frame's centre
  double turn = 0.0;           ///< shift across a cm of depth (rotation about the long axis)
  double tilt = 0.0;           ///< shift along a cm of depth (lordotic tilt)
  double magnification = 0.0;  ///< relative growth a cm of depth; negative in PA views

  /// The point's shadow, as the mid-plane point (cm) with the same shadow.
  [[nodiscard]] Point2 project(const Point3& p) const noexcept {
    const double m = 1.0 + magnification * p.z;
    return {centre.x + (p.x - centre.x) * m + turn * p.z,
            centre.y + (p.y - centre.y) * m + tilt * p.z};
  }
  /// Mid-plane point to pixels of the 1024 frame, and back.
  [[nodiscard]] Point2 to_frame(const Point2& p) const noexcept {
    const double dx = p.x - centre.x;
    const double dy = p.y - centre.y;
    return {512.0 + scale_x * (cosine * dx - sine * dy),
            512.0 + scale_y * (sine * dx + cosine * dy)};
  }
  [[nodiscard]] Point2 from_frame(const Point2& q) const noexcept {
    const double u = (q.x - 512.0) / scale_x;
    const double v = (q.y - 512.0) / scale_y;
    return {centre.x + cosine * u + sine * v, centre.y - sine * u + cosine * v};
  }
};

}  // namespace chestmap::phantom
