#include "image/contour.h"

#include <array>

namespace chestmap {

namespace {

struct Point {
  double x = 0.0;
  double y = 0.0;
};

/// One square between four neighbouring centres, corners clockwise from the top left.
class Square {
 public:
  Square(const ImageF& map, std::size_t x, std::size_t y, float level)
      : x_(static_cast<double>(x) + 0.5),
        y_(static_cast<double>(y) + 0.5),
        above_{map.at(x, y) - level, map.at(x + 1, y) - level, map.at(x + 1, y + 1) - level,
               map.at(x, y + 1) - level} {}

  [[nodiscard]] unsigned kind() const {
    unsigned bits = 0;
    for (unsigned corner = 0; corner < 4; ++corner)
      if (above_[corner] >= 0.0F) bits |= 1U << corner;
    return bits;
  }
  [[nodiscard]] bool middle_above() const {
    return above_[0] + above_[1] + above_[2] + above_[3] >= 0.0F;
  }
  /// Sides: 0 top, 1 right, 2 bottom, 3 left; side s runs from corner s to corner s + 1.
  [[nodiscard]] Point crossing(unsigned side) const {
    const double from = above_[side];
    const double to = above_[(side + 1) % 4];
    const double part = from / (from - to);
    switch (side) {
      case 0:
        return {x_ + part, y_};
      case 1:
        return {x_ + 1.0, y_ + part};
      case 2:
        return {x_ + 1.0 - part, y_ + 1.0};
      default:
        return {x_, y_ + 1.0 - part};
    }
  }
  [[nodiscard]] Segment between(unsigned side, unsigned other) const {
    const Point a = crossing(side);
    const Point b = crossing(other);
    return {a.x, a.y, b.x, b.y};
  }

 private:
  double x_;
  double y_;
  std::array<float, 4> above_;
};

void add_segments(const Square& square, std::vector<Segment>& segments) {
  const unsigned kind = square.kind();
  if (kind == 0 || kind == 15) return;
  if (kind == 5 || kind == 10) {
    // Opposite corners are above: the line cuts off either these or the other two.
    const bool cut_even = (kind == 5) != square.middle_above();
    segments.push_back(cut_even ? square.between(3, 0) : square.between(0, 1));
    segments.push_back(cut_even ? square.between(1, 2) : square.between(2, 3));
    return;
  }
  std::array<unsigned, 2> sides{};
  std::size_t found = 0;
  for (unsigned side = 0; side < 4; ++side)
    if (((kind >> side) & 1U) != ((kind >> ((side + 1) % 4)) & 1U)) sides[found++] = side;
  segments.push_back(square.between(sides[0], sides[1]));
}

}  // namespace

std::vector<Segment> contour(const ImageF& map, float level) {
  std::vector<Segment> segments;
  for (std::size_t y = 0; y + 1 < map.height(); ++y)
    for (std::size_t x = 0; x + 1 < map.width(); ++x)
      add_segments(Square(map, x, y, level), segments);
  return segments;
}

}  // namespace chestmap
