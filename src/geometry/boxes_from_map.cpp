#include "geometry/boxes_from_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>
#include <stdexcept>
#include <tuple>

#include "geometry/components.h"

namespace chestmap {

namespace {

struct ValueRange {
  double least = 0.0;
  double most = 0.0;
};

std::span<const float> cells_of(const MapView& map) { return {map.values, map.width * map.height}; }

/// The range of the finite values; nothing where there is none or where all are equal.
std::optional<ValueRange> range_of(std::span<const float> values) {
  std::optional<ValueRange> range;
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    const auto v = static_cast<double>(value);
    if (!range) range = ValueRange{v, v};
    range->least = std::min(range->least, v);
    range->most = std::max(range->most, v);
  }
  return range && range->least < range->most ? range : std::nullopt;
}

/// Median of the finite values, the mean of the middle two where their number is even.
double median_of(std::span<const float> values) {
  std::vector<float> finite;
  finite.reserve(values.size());
  std::copy_if(values.begin(), values.end(), std::back_inserter(finite),
               [](float value) { return std::isfinite(value); });
  const auto middle = finite.begin() + static_cast<std::ptrdiff_t>(finite.size() / 2);
  std::nth_element(finite.begin(), middle, finite.end());
  const auto upper = static_cast<double>(*middle);
  if (finite.size() % 2 == 1) return upper;
  return (static_cast<double>(*std::max_element(finite.begin(), middle)) + upper) / 2.0;
}

ScoredBox to_frame(const Region& region, const MapView& map) {
  const Box in_cells{static_cast<double>(region.left), static_cast<double>(region.top),
                     static_cast<double>(region.right - region.left),
                     static_cast<double>(region.bottom - region.top)};
  return {scaled(in_cells, map.frame_width / static_cast<double>(map.width),
                 map.frame_height / static_cast<double>(map.height)),
          static_cast<double>(region.peak)};
}

void sort_by_score(std::vector<ScoredBox>& boxes) {
  const auto key = [](const ScoredBox& scored) {
    return std::tuple(-scored.score, -scored.box.area(), scored.box.y, scored.box.x);
  };
  std::stable_sort(boxes.begin(), boxes.end(),
                   [&key](const ScoredBox& a, const ScoredBox& b) { return key(a) < key(b); });
}

std::vector<ScoredBox> boxes_at(const MapView& map, std::span<const double> levels) {
  std::vector<ScoredBox> boxes;
  for (const double level : levels)
    for (const Region& region : regions_at_or_above(cells_of(map), map.width, map.height, level))
      boxes.push_back(to_frame(region, map));
  sort_by_score(boxes);
  return boxes;
}

/// The box round the region that holds the peak, for a level not above it.
ScoredBox box_round_peak(const MapView& map, double level) {
  const std::vector<Region> regions =
      regions_at_or_above(cells_of(map), map.width, map.height, level);
  const auto highest =
      std::max_element(regions.begin(), regions.end(),
                       [](const Region& a, const Region& b) { return a.peak < b.peak; });
  return to_frame(*highest, map);
}

ScoredBox box_of_area(const MapView& map, const ValueRange& range, double area) {
  constexpr int kSteps = 12;  // the level is found to 1/4096 of the map's range
  const double target = area * map.frame_width * map.frame_height;
  double low = range.least;
  double high = range.most;
  ScoredBox larger = box_round_peak(map, low);
  ScoredBox smaller = box_round_peak(map, high);
  for (int step = 0; step < kSteps; ++step) {
    const double level = (low + high) / 2.0;
    const ScoredBox box = box_round_peak(map, level);
    if (box.box.area() >= target) {
      low = level;
      larger = box;
    } else {
      high = level;
      smaller = box;
    }
  }
  // area^2 <= smaller * larger: nearer to the smaller one in logarithm.
  return target * target <= smaller.box.area() * larger.box.area() ? smaller : larger;
}

}  // namespace

std::vector<ScoredBox> boxes_from_map(const MapView& map, const BoxRule& rule) {
  const std::optional<ValueRange> range = range_of(cells_of(map));
  if (!range) return {};
  const double spread = range->most - range->least;
  if (rule.kind == BoxRule::Kind::wang)
    return boxes_at(map, std::array{range->least + spread * 60.0 / 255.0,
                                    range->least + spread * 180.0 / 255.0});
  if (rule.kind == BoxRule::Kind::expected_area) {
    if (!(rule.area > 0.0 && rule.area <= 1.0))
      throw std::invalid_argument("BoxRule::area must lie above 0 and not above 1");
    return {box_of_area(map, *range, rule.area)};
  }
  if (!(rule.fraction > 0.0 && rule.fraction < 1.0))
    throw std::invalid_argument("BoxRule::fraction must lie between 0 and 1");
  const double median = median_of(cells_of(map));
  std::vector<ScoredBox> boxes =
      boxes_at(map, std::array{median + rule.fraction * (range->most - median)});
  boxes.resize(std::min(boxes.size(), rule.most_boxes));
  return boxes;
}

Point peak_of_map(const MapView& map) {
  const std::span<const float> cells = cells_of(map);
  if (cells.empty()) return {map.frame_width / 2.0, map.frame_height / 2.0};
  std::size_t best = 0;
  for (std::size_t i = 1; i < cells.size(); ++i)
    if (cells[i] > cells[best] || (std::isnan(cells[best]) && !std::isnan(cells[i]))) best = i;
  const auto centre = [](std::size_t cell, std::size_t count, double length) {
    return (static_cast<double>(cell) + 0.5) * length / static_cast<double>(count);
  };
  return {centre(best % map.width, map.width, map.frame_width),
          centre(best / map.width, map.height, map.frame_height)};
}

}  // namespace chestmap
