// The product that every convolution here comes down to: for some pixels and one or two blocks of
// output channels, sums over the inputs of pixel times weights, kept in registers.
#include <cstddef>

#include "kernels/job.h"

namespace chestmap::kernels {
namespace {

struct Tile {
  // Runs of consecutive inputs; from a pixel to the next there are `pitch` floats.
  const float* pixels;
  std::size_t run_stride;
  std::size_t runs;
  std::size_t run;       // 16 where the pitch is 16
  const float* weights;  // input, 16 outputs
  std::size_t weight_block;
  float* out;  // block of outputs, pixel, 16 outputs
  std::size_t out_block;
  const float* bias;  // null: none
  const float* residual;
  std::size_t residual_block;
  bool relu;
  // Lines of memory that a later tile reads, fetched meanwhile: some for each run.
  const float* ahead;
  std::size_t ahead_stride;
  std::size_t ahead_lines;
};

template <int pixels, int blocks, int pitch>
inline __attribute__((always_inline)) void multiply(Vec (&sum)[pixels][blocks], const float* in,
                                                    const float* weights,
                                                    std::size_t weight_block) {
  Vec weight[blocks];
#pragma GCC unroll 2
  for (int b = 0; b < blocks; ++b)
    weight[b] = load(weights + static_cast<std::size_t>(b) * weight_block);
#pragma GCC unroll 14
  for (int p = 0; p < pixels; ++p) {
    const Vec pixel = spread(in[p * pitch]);
#pragma GCC unroll 2
    for (int b = 0; b < blocks; ++b) sum[p][b] = mul_add(pixel, weight[b], sum[p][b]);
  }
}

template <int pixels, int blocks, int pitch>
void compute_tile(const Tile& tile) {
  Vec sum[pixels][blocks];
#pragma GCC unroll 14
  for (int p = 0; p < pixels; ++p)
#pragma GCC unroll 2
    for (int b = 0; b < blocks; ++b) sum[p][b] = spread(0.0F);

  const float* in = tile.pixels;
  const float* weights = tile.weights;
  const float* ahead = tile.ahead;
  for (std::size_t run = 0; run < tile.runs; ++run) {
    if constexpr (pitch == 16) {
#pragma GCC unroll 1
      for (int quarter = 0; quarter < 16; quarter += 4) {
#pragma GCC unroll 4
        for (int i = quarter; i < quarter + 4; ++i)
          multiply<pixels, blocks, pitch>(sum, in + i, weights + i * 16, tile.weight_block);
      }
      weights += 16 * 16;
    } else {
      for (std::size_t i = 0; i < tile.run; ++i, weights += 16)
        multiply<pixels, blocks, pitch>(sum, in + i, weights, tile.weight_block);
    }
    in += tile.run_stride;
    for (std::size_t line = 0; line < tile.ahead_lines; ++line)
      __builtin_prefetch(ahead + line * 16, 0, 2);
    ahead += tile.ahead_stride;
  }

#pragma GCC unroll 2
  for (int b = 0; b < blocks; ++b) {
    const auto block = static_cast<std::size_t>(b);
    if (tile.bias != nullptr) {
      const Vec bias = load(tile.bias + block * 16);
#pragma GCC unroll 14
      for (int p = 0; p < pixels; ++p) sum[p][b] = add(sum[p][b], bias);
    }
    if (tile.residual != nullptr) {
      const float* residual = tile.residual + block * tile.residual_block;
#pragma GCC unroll 14
      for (int p = 0; p < pixels; ++p) sum[p][b] = add(sum[p][b], load(residual + p * 16));
    }
    if (tile.relu) {
#pragma GCC unroll 14
      for (int p = 0; p < pixels; ++p) sum[p][b] = larger(sum[p][b], spread(0.0F));
    }
    float* out = tile.out + block * tile.out_block;
#pragma GCC unroll 14
    for (int p = 0; p < pixels; ++p) store(out + p * 16, sum[p][b]);
  }
}

/// Calls the instance for `pixels` (1 to max_tile_pixels) and `blocks` (1 to max_tile_blocks).
template <int pitch, int at_most = max_tile_pixels>
inline void compute(const Tile& tile, std::size_t pixels, std::size_t blocks) {
  if constexpr (at_most > 1) {
    if (pixels < at_most) return compute<pitch, at_most - 1>(tile, pixels, blocks);
  }
  if (blocks == 1)
    compute_tile<at_most, 1, pitch>(tile);
  else
    compute_tile<at_most, max_tile_blocks, pitch>(tile);
}

}  // namespace
}  // namespace chestmap::kernels
