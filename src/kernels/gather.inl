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
  Activation() = default;
  Activation(const Job& job, std::size_t block)
      : given(job.scale != nullptr),
        scale(given ? load(job.scale + block * 16) : spread(1.0F)),
        shift(given ? load(job.shift + block * 16) : spread(0.0F)) {}
  Vec operator()(Vec x) const { return given ? larger(mul_add(x, scale, shift), spread(0.0F)) : x; }
};

/// Blocks of input channels that are gathered side by side. Where the last group is short, its last
/// block stands for those that are missing, whose weights are zero.
template <std::size_t count>
struct Blocks {
  const float* plane[count];  // of an image
  Activation activation[count];
  Blocks(const Job& job, std::size_t image, std::size_t group) {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t wanted = group * count + i;
      const std::size_t block = wanted < job.in_blocks ? wanted : job.in_blocks - 1;
      plane[i] = job.input.data + image * job.input.image + block * job.input.block;
      activation[i] = Activation(job, block);
    }
  }
  /// A pixel's.
  Vec at(std::size_t i, std::size_t pixel) const {
    return activation[i](load(plane[i] + pixel * 16));
  }
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

/// Where gathered inputs go: run of 16 inputs, pixel, input. A run is a group of `blocks` of
/// channels, here of one, at one tap of the filter.
struct Gathered {
  static constexpr std::size_t blocks = 1;
  float* to;
  std::size_t pixels;
  Gathered(const Job& /*job*/, float* scratch, std::size_t count) : to(scratch), pixels(count) {}
  void put(std::size_t run, std::size_t p, const Vec (&x)[blocks]) const {
    store(to + (run * pixels + p) * 16, x[0]);
  }
};

/// Groups of blocks of the input.
template <typename To>
inline std::size_t groups_of(const Job& job) {
  return (job.in_blocks + To::blocks - 1) / To::blocks;
}

template <typename To>
inline void gather_pixels(const Job& job, const Pixels& pixels, const To& to) {
  for (std::size_t group = 0; group < groups_of<To>(job); ++group) {
    const Blocks<To::blocks> blocks(job, pixels.image, group);
    for (std::size_t p = 0; p < pixels.count; ++p) {
      Vec x[To::blocks];
#pragma GCC unroll 4
      for (std::size_t i = 0; i < To::blocks; ++i) x[i] = blocks.at(i, pixels.first + p);
      to.put(group, p, x);
    }
  }
}

template <typename To>
inline void gather_averages(const Job& job, const Pixels& pixels, const To& to) {
  for (std::size_t group = 0; group < groups_of<To>(job); ++group) {
    const Blocks<To::blocks> blocks(job, pixels.image, group);
    for (std::size_t p = 0; p < pixels.count; ++p) {
      const std::size_t pixel = pixels.first + p;
      const std::size_t top = pixel / job.out_width * 2 * job.in_width + pixel % job.out_width * 2;
      const std::size_t bottom = top + job.in_width;
      Vec x[To::blocks];
#pragma GCC unroll 4
      for (std::size_t i = 0; i < To::blocks; ++i)
        x[i] = mul(add(add(blocks.at(i, top), blocks.at(i, top + 1)),
                       add(blocks.at(i, bottom), blocks.at(i, bottom + 1))),
                   spread(0.25F));
      to.put(group, p, x);
    }
  }
}

/// Of a group at a place of the padded image, counted from its corner.
template <std::size_t count>
inline void read_padded(const Job& job, const Blocks<count>& blocks, std::size_t y, std::size_t x,
                        Vec (&values)[count]) {
  y -= job.padding;  // both wrap above and left of the image
  x -= job.padding;
  const bool inside = y < job.in_height && x < job.in_width;
#pragma GCC unroll 4
  for (std::size_t i = 0; i < count; ++i)
    values[i] = inside ? blocks.at(i, y * job.in_width + x) : spread(0.0F);
}

template <typename To>
inline void gather_patches(const Job& job, const Pixels& pixels, const To& to) {
  const std::size_t taps = job.kernel * job.kernel;
  for (std::size_t group = 0; group < groups_of<To>(job); ++group) {
    const Blocks<To::blocks> blocks(job, pixels.image, group);
    for (std::size_t p = 0; p < pixels.count; ++p) {
      const std::size_t pixel = pixels.first + p;
      const std::size_t top = pixel / job.out_width * job.stride;
      const std::size_t left = pixel % job.out_width * job.stride;
      for (std::size_t tap = 0; tap < taps; ++tap) {
        Vec x[To::blocks];
        read_padded(job, blocks, top + tap / job.kernel, left + tap % job.kernel, x);
        to.put(group * taps + tap, p, x);
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
