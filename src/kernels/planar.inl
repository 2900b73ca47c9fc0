// Direct convolutions of stride 2 on planes of pixels: the first of a backbone. An item is a row of
// the output by a group of its blocks; the rows of input that it needs are copied with their
// padding, and pixels are read from there, two floats apart.
#include <cstddef>

#include "kernels/job.h"

namespace chestmap::kernels {
namespace {

/// Copies the rows for output row `y`, plane by plane, `pitch` floats apart.
inline void copy_rows(const Job& job, std::size_t image, std::size_t y, std::size_t pitch,
                      float* to) {
  const std::size_t inner = job.in_width < pitch - job.padding ? job.in_width : pitch - job.padding;
  for (std::size_t channel = 0; channel < job.in_channels; ++channel) {
    const float* plane = job.input.data + image * job.input.image + channel * job.input.block;
    for (std::size_t ky = 0; ky < job.kernel; ++ky, to += pitch) {
      const std::size_t row = y * 2 + ky - job.padding;  // wraps above the image
      const bool exists = row < job.in_height;
      const std::size_t first = exists ? job.padding : pitch;
      for (std::size_t x = 0; x < first; ++x) to[x] = 0.0F;
      if (!exists) continue;
      const float* from = plane + row * job.in_width;
      for (std::size_t x = 0; x < inner; ++x) to[first + x] = from[x];
      for (std::size_t x = first + inner; x < pitch; ++x) to[x] = 0.0F;
    }
  }
}

void planar(const Job& job, std::size_t begin, std::size_t end, Scratch& scratch) {
  const std::size_t pitch = job.row_pitch;
  for (std::size_t item = begin; item < end; ++item) {
    const std::size_t span = item / job.groups;
    const std::size_t group = item % job.groups;
    const std::size_t image = span / job.out_height;
    const std::size_t y = span % job.out_height;
    if (span != scratch.span) copy_rows(job, image, y, pitch, scratch.data);
    scratch.span = span;

    Tile tile{};
    tile.run_stride = pitch;
    tile.runs = job.in_channels * job.kernel;
    tile.run = job.kernel;
    tile.weight_block = job.products * 16;
    tile.out_block = job.output.block;
    tile.residual_block = job.residual.block;
    tile.relu = job.relu;
    constexpr std::size_t step = max_tile_blocks;
    const std::size_t last_block = job.out_blocks * (group + 1) / job.groups;
    for (std::size_t block = job.out_blocks * group / job.groups; block < last_block;
         block += step) {
      tile.weights = job.weights + block * tile.weight_block;
      if (job.bias != nullptr) tile.bias = job.bias + block * 16;
      for (std::size_t t = 0; t < job.tiles_per_image; ++t) {
        const std::size_t first = job.out_width * t / job.tiles_per_image;
        const std::size_t count = job.out_width * (t + 1) / job.tiles_per_image - first;
        const std::size_t pixel = (y * job.out_width + first) * 16;
        tile.pixels = scratch.data + 2 * first;
        tile.out = job.output.data + image * job.output.image + block * job.output.block + pixel;
        if (job.residual.data != nullptr)
          tile.residual =
              job.residual.data + image * job.residual.image + block * job.residual.block + pixel;
        compute<2>(tile, count, last_block - block < step ? last_block - block : step);
      }
    }
  }
}

}  // namespace
}  // namespace chestmap::kernels
