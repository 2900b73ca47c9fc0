#include "geometry/boxes_from_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <tuple>

#include "geometry/components.h"
#include "geometry/map_statistics.h"
#include "geometry/point.h"

namespace chestmap {

namespace {

std::span<const float> cells_of(const MapView& map) { return {map.values, map.width * map.height}; }

ScoredBox to_frame(const Region& region, const MapView& map) {
  const Box in_cells{static_cast<double>(region.left), static_cast<double>(region.top),
                     static_cast<double>(region.right - region.left),
                     static_cast<double>(region.bottom - region.top)};
  return {scaled(in_cells, map.frame_width / static_cast<double>(map.width),
                 map.frame_height / static_cast<double>(map.height)),
          static_cast<double>(region.peak)};
}

bool comes_before(const ScoredBox& a, const ScoredBox& b) {
  const auto key = [](const ScoredBox& scored) {
    return std::tuple(-scored.score, -scored.box.area(), scored.box.y, scored.box.x);
  };
  return a.score != b.score ? a.score > b.score : key(a) < key(b);
}

/// At most `most` boxes, the highest scores.
std::vector<ScoredBox> boxes_at(const MapView& map, std::span<const double> levels,
                                std::size_t most) {
  std::vector<ScoredBox> boxes;
  for (const double level : levels)
    for (const Region& region : regions_at_or_above(cells_of(map), map.width, map.height, level))
      boxes.push_back(to_frame(region, map));
  // Boxes that compare equal are equal, so that the order is fixed.
  const auto end = boxes.begin() + static_cast<std::ptrdiff_t>(std::min(boxes.size(), most));
  std::partial_sort(boxes.begin(), end, boxes.end(), comes_before);
  boxes.erase(end, boxes.end());
  return boxes;
}

/// The region that holds the peak, for a level not above it.
Region region_of_peak(const MapView& map, double level) {
  const std::vector<Region> regions =
      regions_at_or_above(cells_of(map), map.width, map.height, level);
  return *std::max_element(regions.begin(), regions.end(),
                           [](const Region& a, const Region& b) { return a.peak < b.peak; });
}

/// The region of the peak whose bounding box comes nearest to `area`, of the map's own.
Region region_of_area(const MapView& map, const ValueRange& range, double area) {
  constexpr int kSteps = 12;  // the level is found to 1/4096 of the map's range
  const double target = area * static_cast<double>(map.width * map.height);
  const auto area_of = [](const Region& region) {
    return static_cast<double>((region.right - region.left) * (region.bottom - region.top));
  };
  double low = range.least;
  double high = range.most;
  Region larger = region_of_peak(map, low);
  Region smaller = region_of_peak(map, high);
  for (int step = 0; step < kSteps; ++step) {
    const double level = (low + high) / 2.0;
    const Region region = region_of_peak(map, level);
    if (area_of(region) >= target) {
      low = level;
      larger = region;
    } else {
      high = level;
      smaller = region;
    }
  }
  // area^2 <= smaller * larger: nearer to the smaller one in logarithm.
  return target * target <= area_of(smaller) * area_of(larger) ? smaller : larger;
}

/// Centre of mass and deviations of a map over a region's bounding box, in cells.
struct Moments {
  Point centre;
  Point deviation;
};

Moments moments_of(const MapView& map, const Region& region) {
  const std::span<const float> cells = cells_of(map);
  const auto over_box = [&](auto&& visit) {
    for (std::size_t y = region.top; y < region.bottom; ++y)
      for (std::size_t x = region.left; x < region.right; ++x)
        visit(static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5,
              static_cast<double>(cells[y * map.width + x]));
  };
  double least = static_cast<double>(region.peak);
  over_box([&](double, double, double value) {
    if (std::isfinite(value)) least = std::min(least, value);
  });
  // A box of equal cells (of one cell, above all) weighs them alike.
  const bool level = least == static_cast<double>(region.peak);
  const auto weight = [&](double value) {
    if (!std::isfinite(value)) return 0.0;
    return level ? 1.0 : (value - least) * (value - least);
  };
  double sum = 0.0;
  Moments moments;
  over_box([&](double x, double y, double value) {
    sum += weight(value);
    moments.centre.x += weight(value) * x;
    moments.centre.y += weight(value) * y;
  });
  moments.centre = {moments.centre.x / sum, moments.centre.y / sum};
  over_box([&](double x, double y, double value) {
    const double dx = x - moments.centre.x;
    const double dy = y - moments.centre.y;
    // A cell has an extent of its own, of variance 1/12.
    moments.deviation.x += weight(value) * (dx * dx + 1.0 / 12.0);
    moments.deviation.y += weight(value) * (dy * dy + 1.0 / 12.0);
  });
  moments.deviation = {std::sqrt(moments.deviation.x / sum), std::sqrt(moments.deviation.y / sum)};
  return moments;
}

ScoredBox box_of_area(const MapView& map, const ValueRange& range, double area) {
  const Region region = region_of_area(map, range, area);
  const Moments moments = moments_of(map, region);
  const auto columns = static_cast<double>(map.width);
  const auto rows = static_cast<double>(map.height);
  const double cells = area * columns * rows;
  const double ratio = std::sqrt(moments.deviation.x / moments.deviation.y);
  // No longer than the map; the other side then makes up for it.
  const double width =
      std::clamp(std::sqrt(cells * ratio), std::min(cells / rows, columns), columns);
  const double height = cells / width;
  const Box box{std::clamp(moments.centre.x - width / 2.0, 0.0, columns - width),
                std::clamp(moments.centre.y - height / 2.0, 0.0, std::max(0.0, rows - height)),
                width, height};
  return {scaled(box, map.frame_width / columns, map.frame_height / rows),
          static_cast<double>(region.peak)};
}

}  // namespace

std::vector<ScoredBox> boxes_from_map(const MapView& map, const BoxRule& rule) {
  const std::optional<ValueRange> range = range_of(cells_of(map));
  if (!range) return {};
  const double spread = range->most - range->least;
  if (rule.kind == BoxRule::Kind::wang)
    return boxes_at(
        map,
        std::array{range->least + spread * 60.0 / 255.0, range->least + spread * 180.0 / 255.0},
        std::numeric_limits<std::size_t>::max());
  if (rule.kind == BoxRule::Kind::expected_area) {
    if (!(rule.area > 0.0 && rule.area <= 1.0))
      throw std::invalid_argument("BoxRule::area must lie above 0 and not above 1");
    return {box_of_area(map, *range, rule.area)};
  }
  if (!(rule.fraction > 0.0 && rule.fraction < 1.0))
    throw std::invalid_argument("BoxRule::fraction must lie between 0 and 1");
  const double median = median_of(cells_of(map), *range);
  return boxes_at(map, std::array{median + rule.fraction * (range->most - median)},
                  rule.most_boxes);
}

Point peak_of_map(const MapView& map) {
  const std::span<const float> cells = cells_of(map);
  if (cells.empty()) return {map.frame_width / 2.0, map.frame_height / 2.0};
  const std::size_t best = first_of_largest(cells);
  const auto centre = [](std::size_t cell, std::size_t count, double length) {
    return (static_cast<double>(cell) + 0.5) * length / static_cast<double>(count);
  };
  return {centre(best % map.width, map.width, map.frame_width),
          centre(best / map.width, map.height, map.frame_height)};
}

}  // namespace chestmap
