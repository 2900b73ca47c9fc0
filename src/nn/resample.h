#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "geometry/grid.h"

namespace chestmap {

/// `maps` (N x C x h x w, cells on `from`) interpolated bilinearly at the centres of `height` x
/// `width` cells on `to`. Computed as two matrix products, so that the gradient has a fixed order
/// of summation on a GPU too.
[[nodiscard]] at::Tensor resample(const at::Tensor& maps, const Grid& from, const Grid& to,
                                  std::int64_t height, std::int64_t width);

}  // namespace chestmap
