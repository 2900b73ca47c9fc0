#include "data/coco_mask.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace chestmap {

namespace {

/// Columns that an edge crosses are kept while a polygon is drawn; this bounds them by what an
/// outline that a human drew can need.
constexpr double kMostPerimeters = 256.0;

Point corner(const JsonValue& x, const JsonValue& y, ImageSize frame) {
  const auto inside = [](const JsonValue& value, std::size_t side) {
    const double at = value.number();
    const auto length = static_cast<double>(side);
    if (at < -length || at > 2.0 * length)
      value.fail(fmt::format("the corner's coordinate {} is far outside of the frame's {} pixels",
                             at, side),
                 "corners are in pixels of the original image");
    return at;
  };
  return {inside(x, frame.width), inside(y, frame.height)};
}

std::vector<Point> corners_of(const JsonValue& polygon, ImageSize frame) {
  polygon.must_be_array();
  std::vector<Point> corners;
  if (polygon.size() > 0 && polygon.at(0).is_array()) {
    for (std::size_t i = 0; i < polygon.size(); ++i) {
      const JsonValue point = polygon.at(i);
      point.must_be_array();
      if (point.size() != 2) point.fail("a corner is [x, y]");
      corners.push_back(corner(point.at(0), point.at(1), frame));
    }
    return corners;
  }
  if (polygon.size() % 2 != 0)
    polygon.fail(fmt::format("{} numbers; a polygon is [x1, y1, x2, y2, ...]", polygon.size()));
  for (std::size_t i = 0; i < polygon.size(); i += 2)
    corners.push_back(corner(polygon.at(i), polygon.at(i + 1), frame));
  return corners;
}

double perimeter(const std::vector<Point>& corners) {
  double sum = 0.0;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const Point& next = corners[(i + 1) % corners.size()];
    sum += std::abs(next.x - corners[i].x) + std::abs(next.y - corners[i].y);
  }
  return sum;
}

}  // namespace

ImageSize json_height_and_width(const JsonValue& value) {
  value.must_be_array();
  if (value.size() != 2) value.fail("[height, width] was expected");
  constexpr auto most = static_cast<std::int64_t>(kLargestSide);
  return {static_cast<std::size_t>(value.at(1).whole(1, most)),
          static_cast<std::size_t>(value.at(0).whole(1, most))};
}

Mask mask_of_rle(const JsonValue& rle) {
  const ImageSize size = json_height_and_width(rle.at("size"));
  const JsonValue counts = rle.at("counts");
  try {
    if (counts.is_text()) return Mask::from_coco_string(size.width, size.height, counts.text());
    if (!counts.is_array())
      counts.fail(
          fmt::format("{}; the run lengths as a text or a list were expected", counts.kind()));
    std::vector<std::uint32_t> runs;
    runs.reserve(counts.size());
    const auto pixels = static_cast<std::int64_t>(size.width * size.height);
    for (std::size_t i = 0; i < counts.size(); ++i)
      runs.push_back(static_cast<std::uint32_t>(counts.at(i).whole(0, pixels)));
    return Mask::from_runs(size.width, size.height, std::move(runs));
  } catch (const std::invalid_argument& error) {
    counts.fail(error.what(), "does `size` hold height, then width?");
  }
}

Mask mask_of_polygons(const JsonValue& polygons, ImageSize frame) {
  polygons.must_be_array();
  std::vector<std::vector<Point>> all;
  double length = 0.0;
  for (std::size_t i = 0; i < polygons.size(); ++i) {
    all.push_back(corners_of(polygons.at(i), frame));
    length += perimeter(all.back());
  }
  if (length > kMostPerimeters * 2.0 * static_cast<double>(frame.width + frame.height))
    polygons.fail(fmt::format("the polygons' edges have {:.0f} pixels, more than {} times the "
                              "frame's outline",
                              length, kMostPerimeters),
                  "are the corners in the order in which the outline goes?");
  return Mask::from_polygons(frame.width, frame.height, all);
}

}  // namespace chestmap
