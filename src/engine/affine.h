#pragma once

#include <cstdint>

#include "engine/network.h"

namespace chestmap::engine {

/// `affine` of a blocked tensor of `pixels` a channel.
void apply(const Affine& affine, const float* input, std::int64_t pixels, float* output,
           int threads);

}  // namespace chestmap::engine
