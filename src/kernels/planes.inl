// Maximum pooling and normalisation with ReLU, a plane of 16 channels at a time.
#include <cstddef>

#include "kernels/job.h"

namespace chestmap::kernels {
namespace {

void max_pool(const PoolJob& job, std::size_t begin, std::size_t end) {
  for (std::size_t item = begin; item < end; ++item) {
    const std::size_t image = item / job.channel_blocks;
    const std::size_t block = item % job.channel_blocks;
    const float* from = job.input.data + image * job.input.image + block * job.input.block;
    float* to = job.output.data + image * job.output.image + block * job.output.block;
    for (std::size_t y = 0; y < job.out_height; ++y) {
      const std::size_t first_row = y == 0 ? 0 : 2 * y - 1;
      const std::size_t last_row = 2 * y + 1 < job.in_height ? 2 * y + 1 : job.in_height - 1;
      for (std::size_t x = 0; x < job.out_width; ++x, to += 16) {
        const std::size_t first = x == 0 ? 0 : 2 * x - 1;
        const std::size_t last = 2 * x + 1 < job.in_width ? 2 * x + 1 : job.in_width - 1;
        Vec largest = load(from + (2 * y * job.in_width + 2 * x) * 16);
        for (std::size_t row = first_row; row <= last_row; ++row)
          for (std::size_t column = first; column <= last; ++column)
            largest = larger(largest, load(from + (row * job.in_width + column) * 16));
        store(to, largest);
      }
    }
  }
}

void scale_shift_relu(const PoolJob& job, std::size_t begin, std::size_t end) {
  for (std::size_t item = begin; item < end; ++item) {
    const std::size_t image = item / job.channel_blocks;
    const std::size_t block = item % job.channel_blocks;
    const float* from = job.input.data + image * job.input.image + block * job.input.block;
    float* to = job.output.data + image * job.output.image + block * job.output.block;
    const Vec scale = load(job.scale + block * 16);
    const Vec shift = load(job.shift + block * 16);
    for (std::size_t p = 0; p < job.in_height * job.in_width; ++p)
      store(to + p * 16, larger(mul_add(load(from + p * 16), scale, shift), spread(0.0F)));
  }
}

}  // namespace
}  // namespace chestmap::kernels
