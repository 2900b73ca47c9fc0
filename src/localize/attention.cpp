#include "localize/attention.h"

#include <algorithm>

#include "image/row_groups.h"

namespace chestmap {

namespace {

float blend(float first, float second, double weight) {
  return first + static_cast<float>(weight) * (second - first);
}

/// A map interpolated along its rows, and how to interpolate between these.
class Widened {
 public:
  Widened(const ImageF& map, const PlaneGrid& grid, const std::vector<double>& centres,
          double factor)
      : wide_(ImageF::unset(centres.size(), map.height())),
        rows_(interpolate(grid.y, map.height(), centres)),
        factor_(static_cast<float>(factor)) {
    const auto columns = interpolate(grid.x, map.width(), centres);
    for_row_groups(map, wide_, [&](const auto& from, const auto& to) {
      for (std::size_t x = 0; x < columns.size(); ++x) {
        const std::size_t left = columns[x].first;
        const std::size_t right = std::min(left + 1, map.width() - 1);
        for (std::size_t r = 0; r < kRowGroup; ++r)
          to[r][x] = blend(from[r][left], from[r][right], columns[x].weight);
      }
    });
  }

  /// Adds `factor` times the interpolated row to `sum`.
  void add_row(std::size_t y, std::span<float> sum) const {
    const auto row = [&](std::size_t at) {
      return wide_.pixels().subspan(at * wide_.width(), wide_.width());
    };
    const std::span<const float> top = row(rows_[y].first);
    const std::span<const float> bottom = row(std::min(rows_[y].first + 1, wide_.height() - 1));
    const float factor = factor_;  // which the compiler would read again after each sum
    const double weight = rows_[y].weight;
    for (std::size_t x = 0; x < sum.size(); ++x)
      sum[x] += factor * blend(top[x], bottom[x], weight);
  }

 private:
  ImageF wide_;
  std::vector<Interpolation> rows_;
  float factor_;
};

}  // namespace

ImageF combine_maps(std::span<const ImageF* const> maps, std::span<const PlaneGrid> grids,
                    std::span<const double> weights, double input_size, std::size_t resolution) {
  const std::vector<double> centres = even_centres(resolution, input_size);
  std::vector<Widened> stages;
  for (std::size_t s = 0; s < maps.size(); ++s)
    if (weights[s] != 0.0) stages.emplace_back(*maps[s], grids[s], centres, weights[s]);
  ImageF sum(resolution, resolution);
  for (std::size_t y = 0; y < resolution; ++y)  // all stages of a row while the caches hold it
    for (const Widened& stage : stages)
      stage.add_row(y, sum.pixels().subspan(y * resolution, resolution));
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
