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

/// Where gathered inputs go: run of 16 inputs, pixel, input. A run is a block of channels at one
/// tap of the filter.
struct Gathered {
  float* to;
  std::size_t pixels;
  Gathered(const Job& /*job*/, float* scratch, std::size_t count) : to(scratch), pixels(count) {}
  static std::size_t run(std::size_t block, std::size_t tap, std::size_t taps) {
    return block * taps + tap;
  }
  void put(std::size_t run, std::size_t p, Vec x) const { store(to + (run * pixels + p) * 16, x); }
};

template <typename To>
inline void gather_pixels(const Job& job, const Pixels& pixels, const To& to) {
  const float* image = job.input.data + pixels.image * job.input.image + pixels.first * 16;
  for (std::size_t block = 0; block < job.in_blocks; ++block) {
    const Activation activation(job, block);
    const float* from = image + block * job.input.block;
    for (std::size_t p = 0; p < pixels.count; ++p)
      to.put(block, p, activation(load(from + p * 16)));
  }
}

template <typename To>
inline void gather_averages(const Job& job, const Pixels& pixels, const To& to) {
  const std::size_t row = job.in_width * 16;
  for (std::size_t block = 0; block < job.in_blocks; ++block) {
    const Activation activation(job, block);
    const float* plane = job.input.data + pixels.image * job.input.image + block * job.input.block;
    for (std::size_t p = 0; p < pixels.count; ++p) {
      const std::size_t pixel = pixels.first + p;
      const float* from = plane + pixel / job.out_width * 2 * row + pixel % job.out_width * 2 * 16;
      const Vec top = add(activation(load(from)), activation(load(from + 16)));
      const Vec bottom = add(activation(load(from + row)), activation(load(from + row + 16)));
      to.put(block, p, mul(add(top, bottom), spread(0.25F)));
    }
  }
}

template <typename To>
inline void gather_patches(const Job& job, const Pixels& pixels, const To& to) {
  const std::size_t taps = job.kernel * job.kernel;
  for (std::size_t p = 0; p < pixels.count; ++p) {
    const std::size_t pixel = pixels.first + p;
    const std::size_t top = pixel / job.out_width * job.stride;  // plus padding
    const std::size_t left = pixel % job.out_width * job.stride;
    for (std::size_t block = 0; block < job.in_blocks; ++block) {
      const Activation activation(job, block);
      const float* plane =
          job.input.data + pixels.image * job.input.image + block * job.input.block;
      std::size_t tap = 0;
      for (std::size_t ky = 0; ky < job.kernel; ++ky) {
        const std::size_t y = top + ky - job.padding;  // wraps above the image
        for (std::size_t kx = 0; kx < job.kernel; ++kx, ++tap) {
          const std::size_t x = left + kx - job.padding;
          const bool inside = y < job.in_height && x < job.in_width;
          to.put(To::run(block, tap, taps), p,
                 inside ? activation(load(plane + (y * job.in_width + x) * 16)) : spread(0.0F));
        }
      }
    }
  }
}

template <typename To>
inline void gather(const Job& job, const Pixels& pixels, const To& to) {
  switch (job.gather) {
    case Gather::pixel:
      return gather_pixels(job, pixels, to);
    case Gather::average:
      return gather_averages(job, pixels, to);
    case Gather::patch:
      return gather_patches(job, pixels, to);
    case Gather::rows:  // not by the tile
      return;
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

/// A span's tiles lie `slot` floats apart in the scratch memory.
template <typename To>
inline void gather_span(const Job& job, std::size_t first, std::size_t last, float* scratch,
                        std::size_t slot) {
  for (std::size_t tile = first; tile < last; ++tile, scratch += slot) {
    const Pixels pixels = pixels_of_tile(job, tile);
    gather(job, pixels, To(job, scratch, pixels.count));
  }
}

}  // namespace
}  // namespace chestmap::kernels
