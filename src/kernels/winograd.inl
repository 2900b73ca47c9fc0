// Winograd's minimal filtering for 3x3 filters of stride 1 and padding 1 (Lavin and Gray, Fast
// Algorithms for Convolutional Neural Networks, 2016): squares of the output, 2x2 or 4x4 pixels,
// are transformed products of transformed patches of the input. The points are 0, 1, -1 and
// infinity for 2x2; for 4x4 0, the square roots of 1/2 and 2 with both signs, and infinity, whose
// errors are half those of the usual 0, 1, -1, 2, -2 and infinity. A span's transforms stay in the
// caches.
#include <cstddef>

#include "kernels/job.h"

namespace chestmap::kernels {
namespace {

template <int square>
struct Transform;

template <>
struct Transform<2> {
  static constexpr int patch = 4;
  static inline void input(const Vec (&d)[4], Vec (&v)[4]) {
    v[0] = sub(d[0], d[2]);
    v[1] = add(d[1], d[2]);
    v[2] = sub(d[2], d[1]);
    v[3] = sub(d[1], d[3]);
  }
  static inline void output(const Vec (&m)[4], Vec (&y)[2]) {
    y[0] = add(add(m[0], m[1]), m[2]);
    y[1] = sub(sub(m[1], m[2]), m[3]);
  }
};

template <>
struct Transform<4> {
  static constexpr int patch = 6;
  static inline void input(const Vec (&d)[6], Vec (&v)[6]) {
    const Vec two = spread(2.0F);
    const Vec half = spread(0.5F);
    const Vec near = spread(0.70710678F);
    const Vec far = spread(1.41421356F);
    const Vec middle = spread(2.5F);
    v[0] = mul_sub_from(middle, d[2], add(d[0], d[4]));
    const Vec near_even = mul_sub_from(two, d[2], d[4]);
    const Vec near_odd = mul_sub_from(two, d[1], d[3]);
    v[1] = mul_add(near, near_odd, near_even);
    v[2] = mul_sub_from(near, near_odd, near_even);
    const Vec far_even = mul_sub_from(half, d[2], d[4]);
    const Vec far_odd = mul_sub_from(half, d[1], d[3]);
    v[3] = mul_add(far, far_odd, far_even);
    v[4] = mul_sub_from(far, far_odd, far_even);
    v[5] = mul_sub_from(middle, d[3], add(d[1], d[5]));
  }
  static inline void output(const Vec (&m)[6], Vec (&y)[4]) {
    const Vec near_even = add(m[1], m[2]);
    const Vec near_odd = mul(spread(0.70710678F), sub(m[1], m[2]));
    const Vec far_even = add(m[3], m[4]);
    const Vec far_odd = mul(spread(1.41421356F), sub(m[3], m[4]));
    y[0] = add(add(m[0], near_even), far_even);
    y[1] = add(near_odd, far_odd);
    y[2] = mul_add(spread(2.0F), far_even, mul(spread(0.5F), near_even));
    y[3] = add(mul_add(spread(2.0F), far_odd, mul(spread(0.5F), near_odd)), m[5]);
  }
};

/// A square of the output, by its first pixel.
struct Square {
  std::size_t image, y, x;
};

template <int square>
inline Square square_at(const Job& job, std::size_t index) {
  const std::size_t columns = (job.out_width + square - 1) / square;
  const std::size_t rows = (job.out_height + square - 1) / square;
  return {index / (rows * columns), index / columns % rows * square, index % columns * square};
}

/// Loads column `column` of the patch whose first pixel is one above and left of the square.
template <int patch>
inline void load_column(const float* from, std::size_t row, int column, Vec (&to)[patch]) {
#pragma GCC unroll 6
  for (int i = 0; i < patch; ++i)
    to[i] = load(from + static_cast<std::size_t>(i) * row + column * 16);
}

/// The patch around a square, activated, with zeros where there is no input.
template <int patch>
void copy_patch(const Job& job, const Square& at, const float* plane, std::size_t block,
                float* to) {
  const Activation activation(job, block);
  for (std::size_t i = 0; i < patch; ++i)
    for (std::size_t j = 0; j < patch; ++j, to += 16) {
      const std::size_t y = at.y + i - 1;  // wraps outside the image
      const std::size_t x = at.x + j - 1;
      const bool inside = y < job.in_height && x < job.in_width;
      store(to, inside ? activation(load(plane + (y * job.in_width + x) * 16)) : spread(0.0F));
    }
}

/// Transforms the patch at `from` (rows `row` floats apart) and stores its `patch` x `patch`
/// positions `position` floats apart.
template <int square>
inline void transform_patch(const float* from, std::size_t row, float* to, std::size_t position) {
  constexpr int patch = Transform<square>::patch;
  Vec columns[patch][patch];  // row, column
#pragma GCC unroll 6
  for (int j = 0; j < patch; ++j) {
    Vec d[patch];
    Vec v[patch];
    load_column<patch>(from, row, j, d);
    Transform<square>::input(d, v);
#pragma GCC unroll 6
    for (int i = 0; i < patch; ++i) columns[i][j] = v[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < patch; ++i) {
    Vec v[patch];
    Transform<square>::input(columns[i], v);
#pragma GCC unroll 6
    for (int j = 0; j < patch; ++j)
      store(to + static_cast<std::size_t>(i * patch + j) * position, v[j]);
  }
}

template <int square>
void transform_input(const Job& job, std::size_t first, std::size_t count, float* to,
                     std::size_t position) {
  constexpr std::size_t patch = Transform<square>::patch;
  alignas(64) float copy[patch * patch * 16];
  Square squares[max_tile_pixels];
  for (std::size_t index = 0; index < count; ++index)
    squares[index] = square_at<square>(job, first + index);
  for (std::size_t block = 0; block < job.in_blocks; ++block)
    for (std::size_t index = 0; index < count; ++index, to += 16) {
      const Square& at = squares[index];
      const float* plane = job.input.data + at.image * job.input.image + block * job.input.block;
      if (job.scale == nullptr && at.y > 0 && at.x > 0 && at.y + square < job.in_height &&
          at.x + square < job.in_width) {
        transform_patch<square>(plane + ((at.y - 1) * job.in_width + at.x - 1) * 16,
                                job.in_width * 16, to, position);
      } else {
        copy_patch<patch>(job, at, plane, block, copy);
        transform_patch<square>(copy, patch * 16, to, position);
      }
    }
}

/// Transforms the products of a square and block (positions `position` floats apart) and writes
/// what lies inside the image.
template <int square>
inline void transform_output(const Job& job, const Square& at, std::size_t block,
                             const float* products, std::size_t position) {
  constexpr int patch = Transform<square>::patch;
  Vec rows[square][patch];
#pragma GCC unroll 6
  for (int j = 0; j < patch; ++j) {
    Vec m[patch];
    Vec y[square];
#pragma GCC unroll 6
    for (int i = 0; i < patch; ++i)
      m[i] = load(products + static_cast<std::size_t>(i * patch + j) * position);
    Transform<square>::output(m, y);
#pragma GCC unroll 4
    for (int i = 0; i < square; ++i) rows[i][j] = y[i];
  }

  const Vec bias = job.bias == nullptr ? spread(0.0F) : load(job.bias + block * 16);
  const std::size_t first = (at.y * job.out_width + at.x) * 16;
  float* out = job.output.data + at.image * job.output.image + block * job.output.block + first;
  const float* residual =
      job.residual.data == nullptr
          ? nullptr
          : job.residual.data + at.image * job.residual.image + block * job.residual.block + first;
  const std::size_t width = job.out_width - at.x;
#pragma GCC unroll 4
  for (int i = 0; i < square; ++i) {
    if (at.y + static_cast<std::size_t>(i) >= job.out_height) break;
    Vec y[square];
    Transform<square>::output(rows[i], y);
    const std::size_t row = static_cast<std::size_t>(i) * job.out_width * 16;
#pragma GCC unroll 4
    for (int j = 0; j < square; ++j) {
      if (static_cast<std::size_t>(j) >= width) break;
      Vec result = add(y[j], bias);
      if (residual != nullptr) result = add(result, load(residual + row + j * 16));
      store(out + row + j * 16, job.relu ? larger(result, spread(0.0F)) : result);
    }
  }
}

/// Has the tile fetch a share, that of its position, of the rows that a later tile adds.
template <int square>
inline void fetch_ahead(const Job& job, std::size_t later, std::size_t position, Tile& tile) {
  tile.ahead_lines = 0;
  if (later >= job.tiles) return;
  constexpr std::size_t shares = Transform<square>::patch * Transform<square>::patch / square;
  const std::size_t first = job.squares * later / job.tiles;
  const std::size_t pixels = (job.squares * (later + 1) / job.tiles - first) * square;
  const Square at = square_at<square>(job, first);
  const std::size_t y = at.y + 1 + position / shares;
  if (y >= job.in_height) return;
  const std::size_t from = pixels * (position % shares) / shares;
  const std::size_t to = pixels * (position % shares + 1) / shares;
  tile.ahead = job.input.data + at.image * job.input.image + (y * job.in_width + at.x + from) * 16;
  tile.ahead_stride = job.input.block;
  tile.ahead_lines = to - from;
}

/// Output blocks [block, block + blocks) of a span's tiles [first, last).
template <int square>
void multiply_span(const Job& job, std::size_t first, std::size_t last, std::size_t block,
                   std::size_t blocks, const float* transformed, std::size_t position,
                   float* products) {
  constexpr std::size_t positions = Transform<square>::patch * Transform<square>::patch;
  const std::size_t slot = job.in_blocks * job.tile_pixels * 16;
  const std::size_t out_slot = job.tile_pixels * 16;
  const std::size_t out_block = job.span_tiles * out_slot;
  const std::size_t out_position = max_tile_blocks * out_block + 16;
  const auto start = [&](std::size_t tile) { return job.squares * tile / job.tiles; };

  Tile tile{};
  tile.weight_block = positions * job.products * 16;
  tile.runs = job.in_blocks;
  tile.out_block = out_block;
  for (std::size_t p = 0; p < positions; ++p) {
    tile.weights = job.weights + block * tile.weight_block + p * job.products * 16;
    for (std::size_t t = first; t < last; ++t) {
      const std::size_t count = start(t + 1) - start(t);
      tile.pixels = transformed + p * position + (t - first) * slot;
      tile.run_stride = count * 16;
      tile.out = products + p * out_position + (t - first) * out_slot;
      if (block == 0) fetch_ahead<square>(job, t + last - first, p, tile);
      compute<16>(tile, count, blocks);
    }
  }
  for (std::size_t t = first; t < last; ++t)
    for (std::size_t s = start(t); s < start(t + 1); ++s)
      for (std::size_t b = 0; b < blocks; ++b)
        transform_output<square>(
            job, square_at<square>(job, s), block + b,
            products + b * out_block + (t - first) * out_slot + (s - start(t)) * 16, out_position);
}

template <int square>
void winograd(const Job& job, std::size_t begin, std::size_t end, Scratch& scratch) {
  constexpr std::size_t positions = Transform<square>::patch * Transform<square>::patch;
  const std::size_t slot = job.in_blocks * job.tile_pixels * 16;
  const std::size_t position = job.span_tiles * slot + 16;  // not a multiple of 4096 bytes
  float* products = scratch.data + positions * position;
  for (std::size_t item = begin; item < end; ++item) {
    const std::size_t span = item / job.groups;
    const std::size_t group = item % job.groups;
    const std::size_t first = job.tiles * span / job.spans;
    const std::size_t last = job.tiles * (span + 1) / job.spans;
    if (span != scratch.span)
      for (std::size_t tile = first; tile < last; ++tile) {
        const std::size_t square_first = job.squares * tile / job.tiles;
        const std::size_t square_last = job.squares * (tile + 1) / job.tiles;
        transform_input<square>(job, square_first, square_last - square_first,
                                scratch.data + (tile - first) * slot, position);
      }
    scratch.span = span;

    constexpr std::size_t step = max_tile_blocks;
    const std::size_t last_block = job.out_blocks * (group + 1) / job.groups;
    for (std::size_t block = job.out_blocks * group / job.groups; block < last_block; block += step)
      multiply_span<square>(job, first, last, block,
                            last_block - block < step ? last_block - block : step, scratch.data,
                            position, products);
  }
}

}  // namespace
}  // namespace chestmap::kernels
