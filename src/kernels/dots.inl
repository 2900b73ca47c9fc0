// Products of narrow numbers by AVX-512's dot products, each of which adds to 16 sums the products
// of a group of inputs: a register tile as in tile.inl.
#include <cstddef>

#include "kernels/job.h"

namespace chestmap::kernels {
namespace {

/// Of a pixel, for a block of outputs.
template <typename Numbers>
using Sums = typename Numbers::Sums;

/// Adds to the sums, at one tap, those of a row of blocks.
template <typename Numbers, int pixels, int blocks>
inline __attribute__((always_inline)) void add_products(Sums<Numbers> (&sum)[pixels][blocks],
                                                        const float* in, const float* weights,
                                                        std::size_t weight_block) {
#pragma GCC unroll 1
  for (int quarter = 0; quarter < 16; quarter += 4) {
#pragma GCC unroll 4
    for (int group = quarter; group < quarter + 4; ++group) {
      Vec weight[blocks];
#pragma GCC unroll 2
      for (int b = 0; b < blocks; ++b)
        weight[b] = load(weights + group * 16 + static_cast<std::size_t>(b) * weight_block);
#pragma GCC unroll 14
      for (int p = 0; p < pixels; ++p) {
        const Vec pixel = spread(in[p * 16 + group]);
#pragma GCC unroll 2
        for (int b = 0; b < blocks; ++b)
          sum[p][b] = Numbers::add_products(sum[p][b], pixel, weight[b]);
      }
    }
  }
}

/// Where a tile's sums go, and what is added to them; of the first pixel and block.
struct Written {
  float* out;
  const float* residual;  // null: none
  const float* bias;      // null: none
  const float* product_steps;
  Written(const Job& job, const Pixels& at, std::size_t block)
      : out(job.output.data + at.image * job.output.image + block * job.output.block +
            at.first * 16),
        residual(job.residual.data == nullptr ? nullptr
                                              : job.residual.data + at.image * job.residual.image +
                                                    block * job.residual.block + at.first * 16),
        bias(job.bias == nullptr ? nullptr : job.bias + block * 16),
        product_steps(job.product_steps == nullptr ? nullptr : job.product_steps + block * 16) {}
};

template <typename Numbers, int pixels, int blocks>
inline __attribute__((always_inline)) void write(const Job& job, const Written& to,
                                                 const Sums<Numbers> (&sum)[pixels][blocks]) {
#pragma GCC unroll 2
  for (int b = 0; b < blocks; ++b) {
    const auto block = static_cast<std::size_t>(b);
    const Vec bias = to.bias == nullptr ? spread(0.0F) : load(to.bias + block * 16);
    const Vec steps =
        to.product_steps == nullptr ? spread(0.0F) : load(to.product_steps + block * 16);
    float* out = to.out + block * job.output.block;
    const float* residual =
        to.residual == nullptr ? nullptr : to.residual + block * job.residual.block;
#pragma GCC unroll 14
    for (int p = 0; p < pixels; ++p) {
      Vec x = Numbers::sum(sum[p][b], steps, bias);
      if (residual != nullptr) x = add(x, load(residual + p * 16));
      store(out + p * 16, job.relu ? larger(x, spread(0.0F)) : x);
    }
  }
}

template <typename Numbers, int pixels, int blocks>
void multiply_tile(const Job& job, const Product& product, const Written& to) {
  Sums<Numbers> sum[pixels][blocks];
#pragma GCC unroll 14
  for (int p = 0; p < pixels; ++p)
#pragma GCC unroll 2
    for (int b = 0; b < blocks; ++b) sum[p][b] = Sums<Numbers>{};

  const float* in = product.pixels;
  const float* weights = product.weights;
  const float* ahead = product.ahead;
  for (std::size_t row = 0; row < product.rows; ++row, in += product.pitch / sizeof(float)) {
    for (std::size_t tap = 0; tap < product.taps; ++tap, weights += weight_bytes / sizeof(float))
      add_products<Numbers>(sum, in + product.offsets[tap] / sizeof(float), weights,
                            product.weight_block / sizeof(float));
    for (std::size_t block = 0; block < Numbers::blocks; ++block, ahead += product.ahead_stride)
      for (std::size_t line = 0; line < product.ahead_lines; ++line)
        __builtin_prefetch(ahead + line * 16, 0, 2);
  }
  write<Numbers>(job, to, sum);
}

/// Calls the instance for `pixels` (1 to max_tile_pixels) and `blocks` (1 to max_tile_blocks).
template <typename Numbers, int at_most = max_tile_pixels>
inline void multiply_tile(const Job& job, const Product& product, const Written& to,
                          std::size_t pixels, std::size_t blocks) {
  if constexpr (at_most > 1) {
    if (pixels < at_most)
      return multiply_tile<Numbers, at_most - 1>(job, product, to, pixels, blocks);
  }
  if (blocks == 1)
    multiply_tile<Numbers, at_most, 1>(job, product, to);
  else
    multiply_tile<Numbers, at_most, max_tile_blocks>(job, product, to);
}

/// Numbers have one term here, a type `Sums`, and
///
///     static Sums add_products(Sums, Vec pixel, Vec weights);
template <typename TheNumbers>
class Dots {
 public:
  using Numbers = TheNumbers;
  static constexpr std::size_t tile_pixels = max_tile_pixels;
  static constexpr std::size_t tile_blocks = max_tile_blocks;
  static constexpr std::size_t sums = 0;  // they stay in registers

  explicit Dots(const float* /*scratch*/) {}

  void multiply(const Job& job, const Product& product, const Pixels& pixels, std::size_t block,
                std::size_t blocks) const {
    multiply_tile<Numbers>(job, product, Written(job, pixels, block), pixels.count, blocks);
  }

  /// Each row in tiles of equal size but for a pixel.
  void multiply_rows(const Job& job, const Product& of_rows, const Rows& rows, std::size_t block,
                     std::size_t blocks) const {
    const std::size_t tiles = (job.out_width + tile_pixels - 1) / tile_pixels;
    Product product = of_rows;
    for (std::size_t row = 0; row < rows.count; ++row)
      for (std::size_t tile = 0; tile < tiles; ++tile) {
        const std::size_t x = job.out_width * tile / tiles;
        const std::size_t count = job.out_width * (tile + 1) / tiles - x;
        product.pixels = of_rows.pixels + (row * job.row_pitch + x) * 16;
        multiply(job, product, {rows.image, (rows.first + row) * job.out_width + x, count}, block,
                 blocks);
      }
  }
};

}  // namespace
}  // namespace chestmap::kernels
