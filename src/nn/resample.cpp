#include "nn/resample.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

namespace chestmap {

namespace {

at::Tensor matrix(const Grid& from, std::int64_t cells, const Grid& to, std::int64_t points,
                  const at::TensorOptions& options) {
  // Kept: a copy to a GPU waits for it, and cannot be recorded.
  using Key = std::tuple<double, double, std::int64_t, double, double, std::int64_t, std::string>;
  static std::mutex mutex;
  static std::map<Key, at::Tensor> known;
  const std::lock_guard lock(mutex);
  at::Tensor& result =
      known[{from.stride, from.offset, cells, to.stride, to.offset, points,
             options.device().str() + c10::toString(c10::typeMetaToScalarType(options.dtype()))}];
  if (result.defined()) return result;
  const auto values = interpolation_matrix(from, static_cast<std::size_t>(cells),
                                           to.centres(static_cast<std::size_t>(points)));
  const at::Tensor own = at::empty({points, cells}, at::kFloat);
  std::copy(values.begin(), values.end(), own.data_ptr<float>());
  result = own.to(options);
  return result;
}

}  // namespace

at::Tensor resample(const at::Tensor& maps, const Grid& from, const Grid& to, std::int64_t height,
                    std::int64_t width) {
  const at::Tensor rows = matrix(from, maps.size(2), to, height, maps.options());
  const at::Tensor columns = matrix(from, maps.size(3), to, width, maps.options());
  return at::matmul(at::matmul(rows, maps.contiguous()), columns.t());
}

}  // namespace chestmap
