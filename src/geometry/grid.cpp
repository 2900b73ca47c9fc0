#include "geometry/grid.h"

#include <algorithm>

namespace chestmap {

std::vector<double> Grid::centres(std::size_t count) const {
  std::vector<double> centres(count);
  for (std::size_t i = 0; i < count; ++i) centres[i] = centre(static_cast<double>(i));
  return centres;
}

std::vector<Interpolation> interpolate(const Grid& grid, std::size_t cells,
                                       const std::vector<double>& at) {
  std::vector<Interpolation> result;
  result.reserve(at.size());
  for (const double point : at) {
    const double cell =
        std::clamp((point - grid.offset) / grid.stride, 0.0, static_cast<double>(cells - 1));
    const std::size_t first = std::min(static_cast<std::size_t>(cell), cells > 1 ? cells - 2 : 0);
    result.push_back({first, cell - static_cast<double>(first)});
  }
  return result;
}

std::vector<float> interpolation_matrix(const Grid& grid, std::size_t cells,
                                        const std::vector<double>& at) {
  std::vector<float> matrix(at.size() * cells, 0.0F);
  float* row = matrix.data();
  for (const auto& [first, weight] : interpolate(grid, cells, at)) {
    row[first] = static_cast<float>(1.0 - weight);
    if (first + 1 < cells) row[first + 1] = static_cast<float>(weight);
    row += cells;
  }
  return matrix;
}

std::vector<double> even_centres(std::size_t count, double length) {
  std::vector<double> centres(count);
  for (std::size_t i = 0; i < count; ++i)
    centres[i] = (static_cast<double>(i) + 0.5) * length / static_cast<double>(count);
  return centres;
}

}  // namespace chestmap
