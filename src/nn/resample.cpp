#include "nn/resample.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

namespace chestmap {

namespace {

at::Tensor matrix(const Grid& from, std::int64_t cells, const Grid& to, std::int64_t points) {
  const auto values = interpolation_matrix(from, static_cast<std::size_t>(cells),
                                           to.centres(static_cast<std::size_t>(points)));
  at::Tensor result = at::empty({points, cells}, at::kFloat);
  std::copy(values.begin(), values.end(), result.data_ptr<float>());
  return result;
}

}  // namespace

at::Tensor resample(const at::Tensor& maps, const Grid& from, const Grid& to, std::int64_t height,
                    std::int64_t width) {
  const at::Tensor rows = matrix(from, maps.size(2), to, height).to(maps.options());
  const at::Tensor columns = matrix(from, maps.size(3), to, width).to(maps.options());
  return at::matmul(at::matmul(rows, maps.contiguous()), columns.t());
}

}  // namespace chestmap
