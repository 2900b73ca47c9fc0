#pragma once

namespace chestmap {

/// A place in pixels of an image, x right, y down; pixel (i, j) covers [i, i+1) x [j, j+1).
struct Point {
  double x = 0.0;
  double y = 0.0;
  friend bool operator==(const Point&, const Point&) = default;
};

}  // namespace chestmap
