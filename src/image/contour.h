#pragma once

#include <vector>

#include "geometry/point.h"
#include "image/image.h"

namespace chestmap {

/// A line through points in their order, and from the last back to the first where it is closed.
struct Polyline {
  std::vector<Point> points;
  bool closed = false;
};

/// Where `map`, between pixel centres linearly, crosses `level`: marching squares over the centres,
/// a saddle decided by the mean of its corners. In the map's own frame, where the centre of pixel
/// (x, y) is (x + 0.5, y + 0.5). Lines are closed or end at the outermost centres.
[[nodiscard]] std::vector<Polyline> contour(const ImageF& map, float level);

}  // namespace chestmap
