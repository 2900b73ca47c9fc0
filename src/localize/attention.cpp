#include "localize/attention.h"

#include <algorithm>

namespace chestmap {

namespace {

float blend(float first, float second, double weight) {
  return first + static_cast<float>(weight) * (second - first);
}

/// Adds `factor` times the interpolated map to `sum`: columns first, then rows.
void add_resampled(ImageF& sum, const ImageF& map, const PlaneGrid& grid, double factor,
                   double input_size) {
  const std::vector<double> centres = even_centres(sum.width(), input_size);
  const auto columns = interpolate(grid.x, map.width(), centres);
  const auto rows = interpolate(grid.y, map.height(), centres);
  ImageF wide(sum.width(), map.height());
  for (std::size_t y = 0; y < map.height(); ++y)
    for (std::size_t x = 0; x < sum.width(); ++x) {
      const std::size_t left = columns[x].first;
      const std::size_t right = std::min(left + 1, map.width() - 1);
      wide.at(x, y) = blend(map.at(left, y), map.at(right, y), columns[x].weight);
    }
  for (std::size_t y = 0; y < sum.height(); ++y) {
    const std::size_t top = rows[y].first;
    const std::size_t bottom = std::min(top + 1, map.height() - 1);
    for (std::size_t x = 0; x < sum.width(); ++x)
      sum.at(x, y) +=
          static_cast<float>(factor) * blend(wide.at(x, top), wide.at(x, bottom), rows[y].weight);
  }
}

}  // namespace

ImageF combine_maps(std::span<const ImageF* const> maps, std::span<const PlaneGrid> grids,
                    std::span<const double> weights, double input_size, std::size_t resolution) {
  ImageF sum(resolution, resolution);
  for (std::size_t s = 0; s < maps.size(); ++s)
    if (weights[s] != 0.0) add_resampled(sum, *maps[s], grids[s], weights[s], input_size);
  return sum;
}

ImageF combine_stages(const Inference& inference, std::span<const PlaneGrid> grids,
                      std::size_t finding, std::span<const double> weights, double input_size,
                      std::size_t resolution) {
  std::vector<const ImageF*> maps;
  for (const std::vector<ImageF>& stage : inference.stage_maps) maps.push_back(&stage[finding]);
  return combine_maps(maps, grids, weights, input_size, resolution);
}

ImageF attention_map(const Backend& backend, const Inference& inference, std::size_t finding,
                     std::size_t resolution) {
  return combine_stages(inference, aligned_grids(backend.spec(), backend.grids(), finding), finding,
                        backend.relevance()[finding],
                        static_cast<double>(backend.spec().input_size), resolution);
}

}  // namespace chestmap
