#pragma once

#include <cstddef>

#include "engine/network.h"
#include "kernels/blocked.h"

namespace chestmap::engine {

// Tensors as src/kernels sees them.

[[nodiscard]] inline kernels::Extent extent_of(const Tensor& tensor) {
  return {1, static_cast<std::size_t>(tensor.height), static_cast<std::size_t>(tensor.width)};
}

/// Floats from a block of channels, or a planar channel, to the next.
[[nodiscard]] inline std::size_t stride_of(const Tensor& tensor) {
  return static_cast<std::size_t>(tensor.stride());
}

}  // namespace chestmap::engine
