#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "geometry/box.h"
#include "geometry/point.h"

namespace chestmap {

/// A binary mask of width x height pixels, kept as COCO's run lengths: the pixels in column-major
/// order (down each column, columns from left to right), the lengths of the alternating runs of
/// zeros and ones, zeros first. Only the first run may be 0 long, so that equal masks have equal
/// runs. Pixel (i, j) covers [i, i+1) x [j, j+1), as `Box` has it.
///
/// Every function that makes a mask throws std::invalid_argument where it would have 2^32 pixels or
/// more.
class Mask {
 public:
  Mask() = default;
  /// All zeros.
  Mask(std::size_t width, std::size_t height);

  /// Throws std::invalid_argument where the runs' sum is not width * height. Runs of length 0 are
  /// joined with their neighbours.
  [[nodiscard]] static Mask from_runs(std::size_t width, std::size_t height,
                                      std::vector<std::uint32_t> runs);
  /// From COCO's compressed `counts`: each run in groups of five bits, the lowest first, as
  /// characters from '0' (48) on with 32 added while more follow; from the fourth run on the
  /// difference to the run two before. Throws std::invalid_argument, with the offset, where the
  /// text is not such a list or its sum is not width * height.
  [[nodiscard]] static Mask from_coco_string(std::size_t width, std::size_t height,
                                             std::string_view counts);
  /// The union of polygons, each given by its corners and closed from the last to the first; where
  /// one crosses itself the even-odd rule holds. A pixel belongs to a polygon that covers its
  /// centre, under COCO's rounding: corners are rounded to fifths of a pixel, as pycocotools does.
  /// Fewer than three corners cover nothing; throws std::invalid_argument where a coordinate is no
  /// finite number.
  [[nodiscard]] static Mask from_polygons(std::size_t width, std::size_t height,
                                          std::span<const std::vector<Point>> polygons);
  /// The pixels whose centre lies in the box.
  [[nodiscard]] static Mask from_box(std::size_t width, std::size_t height, const Box& box);
  /// `row_major` holds one byte a pixel, 0 or another. Throws std::invalid_argument where it does
  /// not hold width * height.
  [[nodiscard]] static Mask from_bits(std::span<const std::uint8_t> row_major, std::size_t width,
                                      std::size_t height);

  [[nodiscard]] std::string to_coco_string() const;
  /// Row-major, 0 or 1.
  [[nodiscard]] std::vector<std::uint8_t> to_bits() const;

  [[nodiscard]] std::size_t width() const noexcept { return width_; }
  [[nodiscard]] std::size_t height() const noexcept { return height_; }
  [[nodiscard]] const std::vector<std::uint32_t>& runs() const noexcept { return runs_; }
  /// The number of ones.
  [[nodiscard]] std::size_t area() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return runs_.size() < 2; }
  /// The smallest box that holds all ones; nothing where there are none.
  [[nodiscard]] std::optional<Box> bounding_box() const;
  /// Whether (x, y) lies in a pixel that is one.
  [[nodiscard]] bool contains(double x, double y) const noexcept;

  friend bool operator==(const Mask&, const Mask&) = default;

 private:
  std::size_t width_ = 0;
  std::size_t height_ = 0;
  std::vector<std::uint32_t> runs_;
};

// Measures of two masks of one size; std::invalid_argument where their sizes differ.

[[nodiscard]] std::size_t intersection_area(const Mask& a, const Mask& b);
/// Intersection over union, in [0, 1]; 0 where both are empty.
[[nodiscard]] double iou(const Mask& a, const Mask& b);
/// Intersection over the area of the detected mask, in [0, 1]; 0 where it is empty.
[[nodiscard]] double iobb(const Mask& detected, const Mask& truth);
/// Twice the intersection over the sum of the areas (Dice 1945), in [0, 1]; 0 where both are empty.
[[nodiscard]] double dice(const Mask& a, const Mask& b);
[[nodiscard]] Mask union_of(const Mask& a, const Mask& b);
/// The mask over another grid of the same frame: each pixel takes the one of `mask` that its centre
/// lies in.
[[nodiscard]] Mask resized(const Mask& mask, std::size_t width, std::size_t height);

}  // namespace chestmap
