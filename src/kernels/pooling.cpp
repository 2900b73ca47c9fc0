#include "kernels/pooling.h"

#include "kernels/kernel_table.h"

namespace chestmap::kernels {

Extent max_pool_extent(const Extent& input) noexcept {
  return {input.batch, (input.height + 1) / 2, (input.width + 1) / 2};
}

void max_pool(Isa isa, const Extent& input, std::size_t channel_blocks, const Source& source,
              const Sink& sink, std::size_t begin, std::size_t end) {
  const Extent output = max_pool_extent(input);
  kernel_table(isa).max_pool({input.height, input.width, output.height, output.width,
                              channel_blocks, planes(source), planes(sink), nullptr, nullptr},
                             begin, end);
}

void scale_shift_relu(Isa isa, const Extent& extent, std::size_t channel_blocks,
                      const Source& source, const float* scale, const float* shift,
                      const Sink& sink, std::size_t begin, std::size_t end) {
  kernel_table(isa).scale_shift_relu({extent.height, extent.width, extent.height, extent.width,
                                      channel_blocks, planes(source), planes(sink), scale, shift},
                                     begin, end);
}

}  // namespace chestmap::kernels
