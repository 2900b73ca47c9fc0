// Direct convolutions of narrow numbers, in bfloat16 summed in single precision and in 8 bits summed
// in integers: a span's inputs are gathered as such numbers, once; then every tile of the span is
// multiplied with each block of weights by a unit, in which the files that include this one differ.
// Operands lie in rows of 64 bytes, 16 groups of inputs that are summed at once: of two in bfloat16
// or four of 8 bits, of a pixel, or each for one of 16 outputs.
//
// A unit is made for a thread's call, from its scratch memory, which begins with the unit's own
// `sums` floats. It has Numbers, `tile_pixels` and `tile_blocks` at most, and
//
//     // A tile of consecutive pixels of the output.
//     void multiply(const Job&, const Product&, const Pixels&, std::size_t block,
//                   std::size_t blocks) const;
//     // All pixels of rows of the output; the product is that of their first.
//     void multiply_rows(const Job&, const Product&, const Rows&, std::size_t block,
//                        std::size_t blocks) const;
//
// which write `blocks` blocks of the output from `block` on.
#include <cstddef>

#include "kernels/job.h"

namespace chestmap::kernels {
namespace {

constexpr std::size_t weight_bytes = 16 * 64;  // of a row of inputs by 16 outputs

/// The bits of `low` above those of `high`: of each number's 32, those of its first half.
inline __m512i upper_halves(__m512i low, __m512i high) {
  const __m512i first = _mm512_srli_epi32(low, 16);
  return _mm512_or_si512(first, _mm512_and_si512(high, _mm512_set1_epi32(-0x10000)));
}

/// Operands as sums of numbers in bfloat16, `count` of them. Three are an input's first bits, the
/// next ones and the rest, cut off: together they are the input. Fewer are rounded.
template <int count>
struct Bfloat16 {
  static constexpr int terms = count;
  static constexpr std::size_t blocks = 2;  // of 16 inputs in a register's row
  static constexpr bool integers = false;

  /// A row, channels of both blocks in turns, and those of the further terms behind it.
  static void put(char* row, std::size_t term_pitch, const Vec (&x)[blocks],
                  Vec /*steps_per_one*/) {
    Vec low = x[0];
    Vec high = x[1];
    const __m512i upper = _mm512_set1_epi32(-0x10000);
    const __m512i half = _mm512_set1_epi32(terms < 3 ? 0x8000 : 0);
#pragma GCC unroll 3
    for (int term = 0; term < terms; ++term, row += term_pitch) {
      const __m512i low_bits = _mm512_add_epi32(_mm512_castps_si512(low), half);
      const __m512i high_bits = _mm512_add_epi32(_mm512_castps_si512(high), half);
      _mm512_storeu_si512(row, upper_halves(low_bits, high_bits));
      low = sub(low, _mm512_castsi512_ps(_mm512_and_si512(low_bits, upper)));
      high = sub(high, _mm512_castsi512_ps(_mm512_and_si512(high_bits, upper)));
    }
  }
  static Vec sum(Vec sums, Vec /*product_steps*/, Vec bias) { return add(sums, bias); }
};

/// Operands as numbers of 8 bits: inputs without a sign, weights with one.
struct Int8 {
  static constexpr int terms = 1;
  static constexpr std::size_t blocks = 4;
  static constexpr bool integers = true;

  /// A row, channels of the four blocks in turns: to the nearest step, what is beyond the last one
  /// to that.
  static void put(char* row, std::size_t /*term_pitch*/, const Vec (&x)[blocks],
                  Vec steps_per_one) {
    __m512i steps = _mm512_setzero_si512();
#pragma GCC unroll 4
    for (unsigned i = 0; i < blocks; ++i) {
      const Vec above = larger(mul(x[i], steps_per_one), spread(0.0F));
      const __m512i step = _mm512_min_epu32(_mm512_cvtps_epi32(above), _mm512_set1_epi32(255));
      steps = _mm512_or_si512(steps, _mm512_slli_epi32(step, 8 * i));
    }
    _mm512_storeu_si512(row, steps);
  }
  static Vec sum(Vec sums, Vec product_steps, Vec bias) {
    constexpr __mmask16 all = 0xFFFF;  // GCC 12 warns of the form without, falsely
    const Vec counted = _mm512_maskz_cvtepi32_ps(all, _mm512_castps_si512(sums));
    return mul_add(counted, product_steps, bias);
  }
};

/// Where gathered inputs go: group of blocks of channels, tap of the filter, term, pixel, the row's
/// inputs in 64 bytes.
template <typename Numbers>
struct Placed {
  static constexpr std::size_t blocks = Numbers::blocks;
  float* to;
  std::size_t pixels;
  Vec steps_per_one;
  Placed(const Job& job, float* scratch, std::size_t count)
      : to(scratch), pixels(count), steps_per_one(spread(job.steps_per_one)) {}
  void put(std::size_t run, std::size_t p, const Vec (&x)[blocks]) const {
    char* row = reinterpret_cast<char*>(to) + (run * std::size_t{Numbers::terms} * pixels + p) * 64;
    Numbers::put(row, pixels * 64, x, steps_per_one);
  }
};

/// Consecutive pixels, for one or two blocks of outputs.
struct Product {
  const float* pixels;                 // of the first row of blocks
  std::size_t pitch;                   // bytes from a row of blocks to the next
  std::size_t term_pitch;              // bytes
  std::size_t rows;                    // of blocks
  std::size_t taps;                    // of the filter
  std::size_t offsets[most_row_taps];  // bytes to what each tap reads
  const float* weights;                // row of blocks, tap, term, their inputs by 16 outputs
  std::size_t weight_block;            // bytes
  const float* ahead;                  // as of Tile
  std::size_t ahead_stride, ahead_lines;
};

/// Bytes of weights of a block of the output.
template <typename Numbers>
std::size_t weight_block(const Job& job) {
  return groups_of<Placed<Numbers>>(job) * job.kernel * job.kernel * Numbers::terms * weight_bytes;
}

/// Tiles [first, last), gathered one by one, by some blocks of the output.
template <typename Unit>
void multiply_span(const Unit& unit, const Job& job, std::size_t first, std::size_t last,
                   const float* gathered, std::size_t slot, std::size_t block,
                   std::size_t blocks) {
  using Numbers = typename Unit::Numbers;
  Product product{};
  product.rows = groups_of<Placed<Numbers>>(job) * job.kernel * job.kernel;  // one for each tap
  product.taps = 1;
  product.weight_block = weight_block<Numbers>(job);
  product.weights = job.weights + block * product.weight_block / sizeof(float);
  for (std::size_t tile = first; tile < last; ++tile) {
    const Pixels pixels = pixels_of_tile(job, tile);
    product.pixels = gathered + (tile - first) * slot;
    product.term_pitch = pixels.count * 64;
    product.pitch = Numbers::terms * product.term_pitch;
    Tile later{};
    fetch_ahead(job, tile + last - first, block, later);
    product.ahead = later.ahead;
    product.ahead_stride = later.ahead_stride;
    product.ahead_lines = later.ahead_lines;
    unit.multiply(job, product, pixels, block, blocks);
  }
}

/// Rows of the output, of one image, a span where whole rows are gathered; and how many rows of
/// each phase of the input they need.
struct Rows {
  std::size_t image, first, count, of_phase;
};

Rows rows_of_span(const Job& job, std::size_t span) {
  const std::size_t spans = job.tiles_per_image;
  const std::size_t first = job.out_height * (span % spans) / spans;
  const std::size_t count = job.out_height * (span % spans + 1) / spans - first;
  return {span / spans, first, count, count + (job.kernel - 1) / job.stride};
}

/// The rows of the input with their padding, which all taps of the filter read: phase, row, column.
template <typename Numbers>
void gather_rows(const Job& job, const Rows& rows, float* scratch) {
  const std::size_t pitch = job.row_pitch;
  const std::size_t stride = job.stride;
  const Placed<Numbers> to(job, scratch, stride * stride * rows.of_phase * pitch);
  for (std::size_t group = 0; group < groups_of<Placed<Numbers>>(job); ++group) {
    const Blocks<Numbers::blocks> blocks(job, rows.image, group);
    std::size_t p = 0;
    for (std::size_t phase = 0; phase < stride * stride; ++phase)
      for (std::size_t row = 0; row < rows.of_phase; ++row) {
        const std::size_t y = stride * (rows.first + row) + phase / stride;
        std::size_t x = phase % stride;
        for (std::size_t column = 0; column < pitch; ++column, ++p, x += stride) {
          Vec values[Numbers::blocks];
          read_padded(job, blocks, y, x, values);
          to.put(group, p, values);
        }
      }
  }
}

/// Of the gathered rows, at the first pixel of the first one.
template <typename Numbers>
Product product_of_rows(const Job& job, const Rows& rows, const float* gathered,
                        std::size_t block) {
  const std::size_t pitch = job.row_pitch;
  const std::size_t stride = job.stride;
  const std::size_t phase = rows.of_phase * pitch * 64;  // bytes
  Product product{};
  product.pixels = gathered;
  product.rows = groups_of<Placed<Numbers>>(job);
  product.taps = job.kernel * job.kernel;
  for (std::size_t ky = 0; ky < job.kernel; ++ky)
    for (std::size_t kx = 0; kx < job.kernel; ++kx)
      product.offsets[ky * job.kernel + kx] =
          (ky % stride * stride + kx % stride) * phase + (ky / stride * pitch + kx / stride) * 64;
  product.weight_block = weight_block<Numbers>(job);
  product.weights = job.weights + block * product.weight_block / sizeof(float);
  product.term_pitch = stride * stride * phase;
  product.pitch = Numbers::terms * product.term_pitch;
  return product;
}

template <typename Unit>
void direct_narrow(const Job& job, std::size_t begin, std::size_t end, Scratch& scratch) {
  using Numbers = typename Unit::Numbers;
  const Unit unit(scratch.data);
  float* gathered = scratch.data + Unit::sums;
  const bool by_rows = job.gather == Gather::rows;
  const std::size_t taps = job.kernel * job.kernel;
  const std::size_t slot =
      groups_of<Placed<Numbers>>(job) * taps * Numbers::terms * Unit::tile_pixels * 16;
  for (std::size_t item = begin; item < end; ++item) {
    const std::size_t span = item / job.groups;
    const std::size_t group = item % job.groups;
    const std::size_t first = job.tiles * span / job.spans;
    const std::size_t last = job.tiles * (span + 1) / job.spans;
    if (span != scratch.span && by_rows)
      gather_rows<Numbers>(job, rows_of_span(job, span), gathered);
    if (span != scratch.span && !by_rows)
      gather_span<Placed<Numbers>>(job, first, last, gathered, slot);
    scratch.span = span;

    constexpr std::size_t step = Unit::tile_blocks;
    const std::size_t last_block = job.out_blocks * (group + 1) / job.groups;
    for (std::size_t block = job.out_blocks * group / job.groups; block < last_block;
         block += step) {
      const std::size_t blocks = last_block - block < step ? last_block - block : step;
      if (by_rows) {
        const Rows rows = rows_of_span(job, span);
        unit.multiply_rows(job, product_of_rows<Numbers>(job, rows, gathered, block), rows, block,
                           blocks);
      } else {
        multiply_span(unit, job, first, last, gathered, slot, block, blocks);
      }
    }
  }
}

template <typename Unit>
constexpr KernelTable narrow_kernels() {
  return {Unit::tile_pixels, Unit::tile_blocks, direct_narrow<Unit>, nullptr, nullptr,
          nullptr,           nullptr,           nullptr};
}

}  // namespace
}  // namespace chestmap::kernels
