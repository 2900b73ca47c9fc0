// Direct convolutions: a span's inputs are gathered, activated, once; then every tile of the span
// is multiplied with each block of weights.
#include <cstddef>

#include "kernels/job.h"

namespace chestmap::kernels {
namespace {

/// Of scale * x + shift and ReLU, where there is one.
struct Activation {
  bool given;
  Vec scale, shift;
  Activation(const Job& job, std::size_t block)
      : given(job.scale != nullptr),
        scale(given ? load(job.scale + block * 16) : spread(1.0F)),
        shift(given ? load(job.shift + block * 16) : spread(0.0F)) {}
  Vec operator()(Vec x) const { return given ? larger(mul_add(x, scale, shift), spread(0.0F)) : x; }
};

/// Output pixels of one image.
struct Pixels {
  std::size_t image, first, count;
};

inline Pixels pixels_of_tile(const Job& job, std::size_t tile) {
  const std::size_t all = job.out_height * job.out_width;
  const std::size_t index = tile % job.tiles_per_image;
  const std::size_t first = all * index / job.tiles_per_image;
  return {tile / job.tiles_per_image, first, all * (index + 1) / job.tiles_per_image - first};
}

inline void gather_pixels(const Job& job, const Pixels& pixels, float* to) {
  const float* image = job.input.data + pixels.image * job.input.image + pixels.first * 16;
  for (std::size_t block = 0; block < job.in_blocks; ++block) {
    const Activation activation(job, block);
    const float* from = image + block * job.input.block;
    for (std::size_t p = 0; p < pixels.count; ++p, to += 16)
      store(to, activation(load(from + p * 16)));
  }
}

inline void gather_averages(const Job& job, const Pixels& pixels, float* to) {
  const std::size_t row = job.in_width * 16;
  for (std::size_t block = 0; block < job.in_blocks; ++block) {
    const Activation activation(job, block);
    const float* plane = job.input.data + pixels.image * job.input.image + block * job.input.block;
    for (std::size_t p = 0; p < pixels.count; ++p, to += 16) {
      const std::size_t pixel = pixels.first + p;
      const float* from = plane + pixel / job.out_width * 2 * row + pixel % job.out_width * 2 * 16;
      const Vec top = add(activation(load(from)), activation(load(from + 16)));
      const Vec bottom = add(activation(load(from + row)), activation(load(from + row + 16)));
      store(to, mul(add(top, bottom), spread(0.25F)));
    }
  }
}

/// The inputs in the order block of channels, row and column of the filter, channel.
inline void gather_patches(const Job& job, const Pixels& pixels, float* to) {
  const std::size_t slots = job.kernel * job.kernel;
  for (std::size_t p = 0; p < pixels.count; ++p) {
    const std::size_t pixel = pixels.first + p;
    const std::size_t top = pixel / job.out_width * job.stride;  // plus padding
    const std::size_t left = pixel % job.out_width * job.stride;
    for (std::size_t block = 0; block < job.in_blocks; ++block) {
      const Activation activation(job, block);
      const float* plane =
          job.input.data + pixels.image * job.input.image + block * job.input.block;
      float* slot = to + (block * slots * pixels.count + p) * 16;
      for (std::size_t ky = 0; ky < job.kernel; ++ky) {
        const std::size_t y = top + ky - job.padding;  // wraps above the image
        for (std::size_t kx = 0; kx < job.kernel; ++kx, slot += pixels.count * 16) {
          const std::size_t x = left + kx - job.padding;
          const bool inside = y < job.in_height && x < job.in_width;
          store(slot,
                inside ? activation(load(plane + (y * job.in_width + x) * 16)) : spread(0.0F));
        }
      }
    }
  }
}

inline void gather(const Job& job, const Pixels& pixels, float* to) {
  switch (job.gather) {
    case Gather::pixel:
      return gather_pixels(job, pixels, to);
    case Gather::average:
      return gather_averages(job, pixels, to);
    case Gather::patch:
      return gather_patches(job, pixels, to);
  }
}

/// Has the tile fetch a share, that of its output blocks, of what a later tile will gather.
inline void fetch_ahead(const Job& job, std::size_t later, std::size_t block, Tile& tile) {
  if (later >= job.tiles || job.gather == Gather::patch) return;
  const Pixels pixels = pixels_of_tile(job, later);
  std::size_t first = pixels.first * 16;
  std::size_t lines = pixels.count;
  if (job.gather == Gather::average) {  // one row of pixels by the first half, one by the second
    const std::size_t row = 2 * (pixels.first / job.out_width) + 2 * block / job.out_blocks;
    first = (row * job.in_width + 2 * (pixels.first % job.out_width)) * 16;
    lines *= 4;
  }
  const std::size_t from = lines * block / job.out_blocks;
  const std::size_t to = lines * (block + max_tile_blocks) / job.out_blocks;
  tile.ahead = job.input.data + pixels.image * job.input.image + first + from * 16;
  tile.ahead_stride = job.input.block;
  tile.ahead_lines = to - from;
}

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

void direct(const Job& job, std::size_t begin, std::size_t end, float* scratch) {
  const std::size_t slot = job.products * job.tile_pixels;
  std::size_t gathered = job.spans;  // the span whose inputs lie in the scratch memory: none yet
  for (std::size_t item = begin; item < end; ++item) {
    const std::size_t span = item / job.groups;
    const std::size_t group = item % job.groups;
    const std::size_t first = job.tiles * span / job.spans;
    const std::size_t last = job.tiles * (span + 1) / job.spans;
    if (span != gathered && !in_place(job))
      for (std::size_t tile = first; tile < last; ++tile)
        gather(job, pixels_of_tile(job, tile), scratch + (tile - first) * slot);
    gathered = span;

    constexpr std::size_t step = max_tile_blocks;
    const std::size_t last_block = job.out_blocks * (group + 1) / job.groups;
    for (std::size_t block = job.out_blocks * group / job.groups; block < last_block; block += step)
      for (std::size_t tile = first; tile < last; ++tile)
        multiply_tile(job, pixels_of_tile(job, tile), tile + last - first,
                      scratch + (tile - first) * slot, block,
                      last_block - block < step ? last_block - block : step);
  }
}

}  // namespace
}  // namespace chestmap::kernels
