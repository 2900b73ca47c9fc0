#include "localize/map_alignment.h"

#include <algorithm>
#include <utility>

#include "base/median.h"

namespace chestmap {

namespace {

/// Means over windows of 2 * radius + 1 values of a row, cut at its ends.
void average_row(const float* row, std::size_t step, std::size_t count, std::size_t radius,
                 float* out) {
  double sum = 0.0;
  for (std::size_t i = 0; i < std::min(radius, count); ++i)
    sum += static_cast<double>(row[i * step]);
  for (std::size_t i = 0; i < count; ++i) {
    if (i + radius < count) sum += static_cast<double>(row[(i + radius) * step]);
    if (i > radius) sum -= static_cast<double>(row[(i - radius - 1) * step]);
    const std::size_t first = i > radius ? i - radius : 0;
    const std::size_t last = std::min(i + radius, count - 1);
    out[i * step] = static_cast<float>(sum / static_cast<double>(last - first + 1));
  }
}

ImageF local_mean(const ImageF& image, std::size_t radius) {
  ImageF rows(image.width(), image.height());
  for (std::size_t y = 0; y < image.height(); ++y)
    average_row(&image.at(0, y), 1, image.width(), radius, &rows.at(0, y));
  ImageF mean(image.width(), image.height());
  for (std::size_t x = 0; x < image.width(); ++x)
    average_row(&rows.at(x, 0), image.width(), image.height(), radius, &mean.at(x, 0));
  return mean;
}

}  // namespace

std::optional<Point> attended_point(const ImageF& gradient, const ImageF& image) {
  const ImageF mean = local_mean(image, image.width() / 16);
  double total = 0.0;
  Point sum;
  for (std::size_t y = 0; y < image.height(); ++y)
    for (std::size_t x = 0; x < image.width(); ++x) {
      const double rise = static_cast<double>(gradient.at(x, y) * (image.at(x, y) - mean.at(x, y)));
      if (!(rise > 0.0)) continue;
      total += rise;
      sum.x += rise * (static_cast<double>(x) + 0.5);
      sum.y += rise * (static_cast<double>(y) + 0.5);
    }
  if (total == 0.0) return std::nullopt;
  return Point{sum.x / total, sum.y / total};
}

AlignmentFit::AlignmentFit(std::vector<Grid> grids, std::size_t findings)
    : grids_(std::move(grids)),
      images_(findings),
      found_(findings, std::vector<Displacements>(grids_.size())) {}

void AlignmentFit::add(const ImageF& image, const Inference& inference,
                       Differentiated& differentiated, std::size_t finding) {
  ++images_[finding];
  for (std::size_t s = 0; s < grids_.size(); ++s) {
    const ImageF& map = inference.stage_maps[s][finding];
    const auto peak = static_cast<std::size_t>(
        std::max_element(map.pixels().begin(), map.pixels().end()) - map.pixels().begin());
    const auto looked_at = attended_point(differentiated.input_gradient(s, finding, peak), image);
    if (!looked_at) continue;
    const std::size_t row = peak / map.width();
    const double x = grids_[s].centre(static_cast<double>(peak - row * map.width()));
    const double y = grids_[s].centre(static_cast<double>(row));
    found_[finding][s].x.push_back(looked_at->x - x);
    found_[finding][s].y.push_back(looked_at->y - y);
  }
}

std::vector<std::vector<MapShift>> AlignmentFit::shifts() const {
  std::vector<std::vector<MapShift>> result;
  for (const std::vector<Displacements>& stages : found_) {
    result.emplace_back();
    for (const Displacements& stage : stages)
      result.back().push_back({median(stage.x), median(stage.y)});
  }
  return result;
}

}  // namespace chestmap
