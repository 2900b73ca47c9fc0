#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

#include "geometry/mask.h"
#include "geometry/mask_runs.h"

namespace chestmap {

namespace {

// COCO's rasterisation: corners and edges are rounded to a grid of fifths of a pixel. An edge goes
// over the centre of pixel column x where it steps between the fine columns 5 x + 2 and 5 x + 3,
// and the pixels below that step change sides.
constexpr std::int64_t kFine = 5;
constexpr std::int64_t kCentre = 2;

struct FinePoint {
  std::int64_t x = 0;
  std::int64_t y = 0;
};

// Corners far outside are drawn to a frame that no mask reaches, so that products fit 64 bits.
std::int64_t fine(double coordinate) {
  if (!std::isfinite(coordinate))
    throw std::invalid_argument("a polygon has a coordinate that is no finite number");
  constexpr double kFar = 1e11;
  return static_cast<std::int64_t>(
      std::trunc(std::clamp(static_cast<double>(kFine) * coordinate + 0.5, -kFar, kFar)));
}

/// An edge, drawn from its lower end on its longer axis to its upper one.
class FineEdge {
 public:
  FineEdge(FinePoint from, FinePoint to) : from_(from) {
    const std::int64_t across = std::abs(to.x - from.x);
    const std::int64_t down = std::abs(to.y - from.y);
    flat_ = across >= down;
    if (flat_ ? from.x > to.x : from.y > to.y) std::swap(from_, to);
    steps_ = std::max(across, down);
    if (steps_ > 0)
      slope_ = static_cast<double>(flat_ ? to.y - from_.y : to.x - from_.x) /
               static_cast<double>(steps_);
  }

  [[nodiscard]] std::int64_t steps() const noexcept { return steps_; }
  [[nodiscard]] FinePoint at(std::int64_t step) const noexcept {
    const double aside =
        static_cast<double>(flat_ ? from_.y : from_.x) + slope_ * static_cast<double>(step) + 0.5;
    const auto rounded = static_cast<std::int64_t>(aside);
    return flat_ ? FinePoint{from_.x + step, rounded} : FinePoint{rounded, from_.y + step};
  }
  [[nodiscard]] std::int64_t leftmost() const noexcept { return std::min(at(0).x, at(steps_).x); }
  [[nodiscard]] std::int64_t rightmost() const noexcept { return std::max(at(0).x, at(steps_).x); }

  /// The upper of the two heights between which the edge steps over the line right of fine column
  /// `column`, which lies in [leftmost, rightmost).
  [[nodiscard]] std::int64_t height_over(std::int64_t column) const noexcept {
    if (flat_) {
      const std::int64_t step = column - from_.x;
      return std::min(at(step).y, at(step + 1).y);
    }
    // Columns rise or fall along the edge: the last step on the near side, by bisection.
    const bool rises = slope_ > 0.0;
    std::int64_t near = 0;
    std::int64_t far = steps_;
    while (far - near > 1) {
      const std::int64_t middle = near + (far - near) / 2;
      (((at(middle).x <= column) == rises) ? near : far) = middle;
    }
    return at(near).y;
  }

 private:
  FinePoint from_;
  std::int64_t steps_ = 0;
  double slope_ = 0.0;
  bool flat_ = true;
};

/// The first pixel whose centre is at or below the fine row.
std::size_t pixel_row(std::int64_t row, std::size_t height) {
  const std::int64_t pixel = row <= kCentre ? 0 : (row - kCentre + kFine - 1) / kFine;
  return std::min(static_cast<std::size_t>(pixel), height);
}

Mask from_polygon(std::size_t width, std::size_t height, const std::vector<Point>& polygon) {
  // Column-major places from which on the inside and the outside change.
  std::vector<std::size_t> changes;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const Point& from = polygon[i];
    const Point& to = polygon[(i + 1) % polygon.size()];
    const FineEdge edge({fine(from.x), fine(from.y)}, {fine(to.x), fine(to.y)});
    const std::int64_t first =
        std::max<std::int64_t>(0, (edge.leftmost() - kCentre + kFine - 1) / kFine);
    for (std::int64_t x = first; x < static_cast<std::int64_t>(width); ++x) {
      const std::int64_t column = kFine * x + kCentre;
      if (column < edge.leftmost()) continue;
      if (column >= edge.rightmost()) break;
      changes.push_back(static_cast<std::size_t>(x) * height +
                        pixel_row(edge.height_over(column), height));
    }
  }
  std::sort(changes.begin(), changes.end());
  MaskRuns runs(width, height);
  for (std::size_t i = 0; i + 1 < changes.size(); i += 2) runs.add(changes[i], changes[i + 1]);
  return runs.finish();
}

}  // namespace

Mask Mask::from_polygons(std::size_t width, std::size_t height,
                         std::span<const std::vector<Point>> polygons) {
  Mask mask(width, height);
  for (const std::vector<Point>& polygon : polygons)
    mask = union_of(mask, from_polygon(width, height, polygon));
  return mask;
}

}  // namespace chestmap
