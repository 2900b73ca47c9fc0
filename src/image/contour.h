#pragma once

#include <vector>

#include "image/image.h"

namespace chestmap {

/// A piece of a contour line, from (x0, y0) to (x1, y1).
struct Segment {
  double x0 = 0.0;
  double y0 = 0.0;
  double x1 = 0.0;
  double y1 = 0.0;
  friend bool operator==(const Segment&, const Segment&) = default;
};

/// Where `map`, between pixel centres linearly, crosses `level`: marching squares over the centres,
/// a saddle decided by the mean of its corners. In the map's own frame, where the centre of pixel
/// (x, y) is (x + 0.5, y + 0.5). Lines end at the outermost centres.
[[nodiscard]] std::vector<Segment> contour(const ImageF& map, float level);

}  // namespace chestmap
