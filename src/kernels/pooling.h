#pragma once

#include <cstddef>

#include "kernels/blocked.h"
#include "kernels/isa.h"

namespace chestmap::kernels {

/// Height and width after a 3x3 maximum of stride 2 and padding 1.
[[nodiscard]] Extent max_pool_extent(const Extent& input) noexcept;

/// The largest value of each 3x3 window of stride 2 and padding 1, over the pixels that exist. An
/// item is a plane of 16 channels: items [begin, end) of batch x channel_blocks.
void max_pool(Isa isa, const Extent& input, std::size_t channel_blocks, const Source& source,
              const Sink& sink, std::size_t begin, std::size_t end);

/// max(0, scale * x + shift) for each pixel; `scale` and `shift`: 16 floats a block. Items as
/// above.
void scale_shift_relu(Isa isa, const Extent& extent, std::size_t channel_blocks,
                      const Source& source, const float* scale, const float* shift,
                      const Sink& sink, std::size_t begin, std::size_t end);

}  // namespace chestmap::kernels
