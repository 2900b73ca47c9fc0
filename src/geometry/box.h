#pragma once

namespace chestmap {

/// A rectangle in pixels of the original image, x right, y down, half-open: it covers [x, x +
/// width) x [y, y + height).
struct Box {
  double x = 0.0;
  double y = 0.0;
  double width = 0.0;
  double height = 0.0;

  [[nodiscard]] double right() const noexcept { return x + width; }
  [[nodiscard]] double bottom() const noexcept { return y + height; }
  [[nodiscard]] double area() const noexcept { return width * height; }
  [[nodiscard]] bool contains(double px, double py) const noexcept {
    return px >= x && px < right() && py >= y && py < bottom();
  }
  friend bool operator==(const Box&, const Box&) = default;
};

/// The box in a frame whose unit lengths are `sx` and `sy` of this one's (e.g. 256/1024 to go to a
/// 256-pixel copy).
[[nodiscard]] inline Box scaled(const Box& box, double sx, double sy) noexcept {
  return {box.x * sx, box.y * sy, box.width * sx, box.height * sy};
}

/// Area of the intersection; 0 where they do not meet.
[[nodiscard]] double intersection_area(const Box& a, const Box& b) noexcept;
/// Intersection over union, in [0, 1]; 0 where both are empty.
[[nodiscard]] double iou(const Box& a, const Box& b) noexcept;
/// Intersection over the area of the detected box (Wang 2017), in [0, 1]; 0 where it is empty.
[[nodiscard]] double iobb(const Box& detected, const Box& truth) noexcept;
/// The part of `box` inside [0, width) x [0, height).
[[nodiscard]] Box clipped(const Box& box, double width, double height) noexcept;

}  // namespace chestmap
