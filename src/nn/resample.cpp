#include "nn/resample.h"

#include <ATen/ATen.h>

#include <vector>

namespace chestmap {

namespace {

at::Tensor interpolation_matrix(const Grid& from, std::int64_t cells, const Grid& to,
                                std::int64_t points) {
  std::vector<double> centres;
  for (std::int64_t i = 0; i < points; ++i) centres.push_back(to.centre(static_cast<double>(i)));
  const auto rows = interpolate(from, static_cast<std::size_t>(cells), centres);
  at::Tensor matrix = at::zeros({points, cells}, at::kFloat);
  auto values = matrix.accessor<float, 2>();
  for (std::int64_t i = 0; i < points; ++i) {
    const auto& [first, weight] = rows[static_cast<std::size_t>(i)];
    const auto column = static_cast<std::int64_t>(first);
    values[i][column] = static_cast<float>(1.0 - weight);
    if (column + 1 < cells) values[i][column + 1] = static_cast<float>(weight);
  }
  return matrix;
}

}  // namespace

at::Tensor resample(const at::Tensor& maps, const Grid& from, const Grid& to, std::int64_t height,
                    std::int64_t width) {
  const at::Tensor rows = interpolation_matrix(from, maps.size(2), to, height).to(maps.options());
  const at::Tensor columns = interpolation_matrix(from, maps.size(3), to, width).to(maps.options());
  return at::matmul(at::matmul(rows, maps.contiguous()), columns.t());
}

}  // namespace chestmap
