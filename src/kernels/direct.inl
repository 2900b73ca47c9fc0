// Direct convolutions: a span's inputs are gathered once, unless they can stay where they are; then
// every tile of the span is multiplied with each block of weights.
#include <cstddef>

#include "kernels/job.h"

namespace chestmap::kernels {
namespace {

/// Whether the input can be multiplied where it lies.
inline bool in_place(const Job& job) { return job.gather == Gather::pixel && job.scale == nullptr; }

/// Output blocks [block, block + blocks) of a tile.
inline void multiply_tile(const Job& job, const Pixels& pixels, std::size_t later,
                          const float* gathered, std::size_t block, std::size_t blocks) {
  Tile tile{};
  if (in_place(job)) {
    tile.pixels = job.input.data + pixels.image * job.input.image + pixels.first * 16;
    tile.run_stride = job.input.block;
  } else {
    tile.pixels = gathered;
    tile.run_stride = pixels.count * 16;
  }
  tile.runs = job.products / 16;
  tile.weight_block = job.products * 16;
  tile.weights = job.weights + block * tile.weight_block;
  tile.out = job.output.data + pixels.image * job.output.image + block * job.output.block +
             pixels.first * 16;
  tile.out_block = job.output.block;
  if (job.bias != nullptr) tile.bias = job.bias + block * 16;
  if (job.residual.data != nullptr)
    tile.residual = job.residual.data + pixels.image * job.residual.image +
                    block * job.residual.block + pixels.first * 16;
  tile.residual_block = job.residual.block;
  tile.relu = job.relu;
  fetch_ahead(job, later, block, tile);
  compute<16>(tile, pixels.count, blocks);
}

void direct(const Job& job, std::size_t begin, std::size_t end, Scratch& scratch) {
  const std::size_t slot = job.products * job.tile_pixels;
  for (std::size_t item = begin; item < end; ++item) {
    const std::size_t span = item / job.groups;
    const std::size_t group = item % job.groups;
    const std::size_t first = job.tiles * span / job.spans;
    const std::size_t last = job.tiles * (span + 1) / job.spans;
    if (span != scratch.span && !in_place(job))
      gather_span<Gathered>(job, first, last, scratch.data, slot);
    scratch.span = span;

    constexpr std::size_t step = max_tile_blocks;
    const std::size_t last_block = job.out_blocks * (group + 1) / job.groups;
    for (std::size_t block = job.out_blocks * group / job.groups; block < last_block; block += step)
      for (std::size_t tile = first; tile < last; ++tile)
        multiply_tile(job, pixels_of_tile(job, tile), tile + last - first,
                      scratch.data + (tile - first) * slot, block,
                      last_block - block < step ? last_block - block : step);
  }
}

}  // namespace
}  // namespace chestmap::kernels
