#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "weights/safetensors.h"

namespace chestmap::test {

/// A double tensor of `sizes` from its values in row-major order.
inline at::Tensor doubles(const std::vector<double>& values,
                          const std::vector<std::int64_t>& sizes) {
  return at::tensor(values, at::kDouble).reshape(sizes);
}

/// The largest absolute difference.
inline double distance(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

/// A copy of a stored F32 or I64 tensor.
inline at::Tensor tensor_of(const TensorView& view) {
  at::Tensor tensor = at::empty(view.shape, view.dtype == "I64" ? at::kLong : at::kFloat);
  std::memcpy(tensor.data_ptr(), view.data.data(), view.data.size());
  return tensor;
}

}  // namespace chestmap::test
