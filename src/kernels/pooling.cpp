#include "kernels/pooling.h"

#include <algorithm>

namespace chestmap::kernels {

Extent max_pool_extent(const Extent& input) noexcept {
  return {input.batch, (input.height + 1) / 2, (input.width + 1) / 2};
}

void max_pool(Isa, const Extent& input, std::size_t channel_blocks, const Source& source,
              const Sink& sink, std::size_t begin, std::size_t end) {
  const Extent out = max_pool_extent(input);
  for (std::size_t item = begin; item < end; ++item) {
    const std::size_t image = item / channel_blocks;
    const std::size_t block = item % channel_blocks;
    const float* from = source.data + image * source.image_stride + block * source.block_stride;
    float* to = sink.data + image * sink.image_stride + block * sink.block_stride;
    for (std::size_t y = 0; y < out.height; ++y)
      for (std::size_t x = 0; x < out.width; ++x)
        for (std::size_t lane = 0; lane < lanes; ++lane) {
          float largest = from[(2 * y * input.width + 2 * x) * lanes + lane];
          for (std::size_t row = y == 0 ? 0 : 2 * y - 1; row <= 2 * y + 1 && row < input.height;
               ++row)
            for (std::size_t column = x == 0 ? 0 : 2 * x - 1;
                 column <= 2 * x + 1 && column < input.width; ++column)
              largest = std::max(largest, from[(row * input.width + column) * lanes + lane]);
          to[(y * out.width + x) * lanes + lane] = largest;
        }
  }
}

void scale_shift_relu(Isa, const Extent& extent, std::size_t channel_blocks, const Source& source,
                      const float* scale, const float* shift, const Sink& sink, std::size_t begin,
                      std::size_t end) {
  for (std::size_t item = begin; item < end; ++item) {
    const std::size_t image = item / channel_blocks;
    const std::size_t block = item % channel_blocks;
    const float* from = source.data + image * source.image_stride + block * source.block_stride;
    float* to = sink.data + image * sink.image_stride + block * sink.block_stride;
    for (std::size_t i = 0; i < extent.pixels() * lanes; ++i)
      to[i] = std::max(
          0.0F, from[i] * scale[block * lanes + i % lanes] + shift[block * lanes + i % lanes]);
  }
}

}  // namespace chestmap::kernels
