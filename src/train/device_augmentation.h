#pragma once

#include <ATen/core/Tensor.h>

#include <span>

#include "data/augmentation.h"

namespace chestmap {

/// `augment` of data/augmentation.h for images that lie on a device: N x H x W of values in [0, 1],
/// each by its own draw, by torch's operations, which wait for nothing. Positions are the same to
/// 2^-32 of a pixel; values differ from the host's by the rounding of single precision, and where
/// there is a gamma by 4e-6 times the exponent.
[[nodiscard]] at::Tensor augmented(const at::Tensor& images,
                                   std::span<const AugmentationDraw> draws);

}  // namespace chestmap
