#pragma once

#include <span>

#include "kernels/convolution.h"

namespace chestmap::kernels {

/// What a convolution computes, by its definition and summed in double precision: slow, for tests.
/// `weights` as for `PackedFilter`.
void reference_convolution(const Filter& filter, std::span<const float> weights,
                           const Extent& extent, const Input& input, const Output& output);

}  // namespace chestmap::kernels
