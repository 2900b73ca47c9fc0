// Direct convolutions by AMX, in bfloat16 summed in single precision, and in 8 bits summed in
// integers; CMakeLists.txt has the compiler flags. A tile register holds 16 pixels by 32 inputs (64
// of 8 bits), as many inputs by 16 outputs, or 16 pixels by 16 outputs.

// clang-format off
#include "kernels/vec_avx512.inl"
#include "kernels/tile.inl"
#include "kernels/gather.inl"
// clang-format on

namespace chestmap::kernels {
namespace {

constexpr std::size_t amx_pixels = 32;  // of a tile of the convolution: two registers
constexpr std::size_t amx_blocks = 2;
constexpr std::size_t tile_bytes = 16 * 64;  // of a register

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
  static Vec sum(const float* sums, Vec /*product_steps*/, Vec bias) {
    return add(load(sums), bias);
  }
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
  static Vec sum(const float* sums, Vec product_steps, Vec bias) {
    return mul_add(_mm512_cvtepi32_ps(_mm512_loadu_si512(sums)), product_steps, bias);
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

struct alignas(64) TileShapes {
  unsigned char palette = 1;
  unsigned char start_row = 0;
  unsigned char reserved[14] = {};
  unsigned short row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  unsigned char rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

/// Up to 32 consecutive pixels, for one or two blocks of outputs.
struct Product {
  const float* pixels;                 // of each row of blocks
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

/// Adds pixels in register `a` times weights in register `b` to the sums in `to`.
#define CHESTMAP_ADD_PRODUCT(to, a, b) \
  if constexpr (Numbers::integers)     \
    _tile_dpbusd(to, a, b);            \
  else                                 \
    _tile_dpbf16ps(to, a, b)

/// One row of blocks at one tap. The next one's weights, which the second level cache or memory
/// holds, are fetched meanwhile, a few lines a product.
template <typename Numbers, bool two_rows, bool two_blocks>
inline void multiply_step(const Product& product, const char* pixels, const char* weights) {
  constexpr int terms = Numbers::terms;
  constexpr int products = terms * (terms + 1) / 2;
  constexpr int lines = terms * static_cast<int>(tile_bytes / 64);  // of a block's weights
  const char* next = weights + terms * tile_bytes;
  const auto fetch = [&](int turn) {  // of two a product
    const int first = lines * turn / (2 * products);
    const int last = lines * (turn + 1) / (2 * products);
#pragma GCC unroll 8
    for (int line = first; line < last; ++line) {
      __builtin_prefetch(next + line * 64, 0, 3);
      if constexpr (two_blocks) __builtin_prefetch(next + product.weight_block + line * 64, 0, 3);
    }
  };
  int turn = 0;
#pragma GCC unroll 3
  for (int j = 0; j < terms; ++j, weights += tile_bytes) {
    _tile_loadd(6, weights, 64);
    if constexpr (two_blocks) _tile_loadd(7, weights + product.weight_block, 64);
#pragma GCC unroll 3
    for (int i = 0; i < terms - j; ++i) {
      const char* term = pixels + static_cast<std::size_t>(i) * product.term_pitch;
      _tile_loadd(4, term, 64);
      CHESTMAP_ADD_PRODUCT(0, 4, 6);
      fetch(turn++);
      if constexpr (two_blocks) {
        CHESTMAP_ADD_PRODUCT(1, 4, 7);
      }
      if constexpr (two_rows) {
        _tile_loadd(5, term + tile_bytes, 64);
        CHESTMAP_ADD_PRODUCT(2, 5, 6);
      }
      fetch(turn++);
      if constexpr (two_rows && two_blocks) {
        CHESTMAP_ADD_PRODUCT(3, 5, 7);
      }
    }
  }
}

#undef CHESTMAP_ADD_PRODUCT

/// Sums: block, pixel, output.
template <typename Numbers, bool two_rows, bool two_blocks>
void multiply(const Product& product, float* sums) {
  const auto* pixels = reinterpret_cast<const char*>(product.pixels);
  const auto* weights = reinterpret_cast<const char*>(product.weights);
  const float* ahead = product.ahead;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (std::size_t row = 0; row < product.rows; ++row, pixels += product.pitch) {
    for (std::size_t tap = 0; tap < product.taps; ++tap, weights += Numbers::terms * tile_bytes)
      multiply_step<Numbers, two_rows, two_blocks>(product, pixels + product.offsets[tap], weights);
    for (std::size_t block = 0; block < Numbers::blocks; ++block, ahead += product.ahead_stride)
      for (std::size_t line = 0; line < product.ahead_lines; ++line)
        __builtin_prefetch(ahead + line * 16, 0, 2);
  }
  constexpr std::size_t row_sums = std::size_t{16} * 16;
  _tile_stored(0, sums, 64);
  if constexpr (two_blocks) _tile_stored(1, sums + amx_pixels * 16, 64);
  if constexpr (two_rows) {
    _tile_stored(2, sums + row_sums, 64);
    if constexpr (two_blocks) _tile_stored(3, sums + amx_pixels * 16 + row_sums, 64);
  }
}

template <typename Numbers>
void multiply(const Product& product, std::size_t pixels, std::size_t blocks, float* sums) {
  if (pixels > 16)
    blocks == 2 ? multiply<Numbers, true, true>(product, sums)
                : multiply<Numbers, true, false>(product, sums);
  else
    blocks == 2 ? multiply<Numbers, false, true>(product, sums)
                : multiply<Numbers, false, false>(product, sums);
}

/// Writes the sums of consecutive pixels of the output, from `pixel` of the image on.
template <typename Numbers>
void write(const Job& job, std::size_t image, std::size_t pixel, std::size_t count,
           std::size_t block, std::size_t blocks, const float* sums) {
  for (std::size_t b = block; b < block + blocks; ++b, sums += amx_pixels * 16) {
    const Vec bias = job.bias == nullptr ? spread(0.0F) : load(job.bias + b * 16);
    const Vec product_steps =
        job.product_steps == nullptr ? spread(0.0F) : load(job.product_steps + b * 16);
    float* out = job.output.data + image * job.output.image + b * job.output.block + pixel * 16;
    const float* residual =
        job.residual.data == nullptr
            ? nullptr
            : job.residual.data + image * job.residual.image + b * job.residual.block + pixel * 16;
    for (std::size_t p = 0; p < count; ++p) {
      Vec sum = Numbers::sum(sums + p * 16, product_steps, bias);
      if (residual != nullptr) sum = add(sum, load(residual + p * 16));
      store(out + p * 16, job.relu ? larger(sum, spread(0.0F)) : sum);
    }
  }
}

/// Bytes of weights of a block of the output.
template <typename Numbers>
std::size_t weight_block(const Job& job) {
  return groups_of<Placed<Numbers>>(job) * job.kernel * job.kernel * Numbers::terms * tile_bytes;
}

/// Tiles [first, last), gathered one by one, by two blocks of the output.
template <typename Numbers>
void multiply_span(const Job& job, std::size_t first, std::size_t last, const float* gathered,
                   std::size_t slot, std::size_t block, std::size_t blocks, float* sums) {
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
    multiply<Numbers>(product, pixels.count, blocks, sums);
    write<Numbers>(job, pixels.image, pixels.first, pixels.count, block, blocks, sums);
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

/// The padded rows are multiplied as one line of pixels; sums that belong to the padding are
/// dropped.
template <typename Numbers>
void multiply_rows(const Job& job, const Rows& rows, const float* gathered, std::size_t block,
                   std::size_t blocks, float* sums) {
  const std::size_t pitch = job.row_pitch;
  const std::size_t stride = job.stride;
  const std::size_t phase = rows.of_phase * pitch * 64;  // bytes
  Product product{};
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
  const std::size_t all = (rows.count - 1) * pitch + job.out_width;
  for (std::size_t first = 0; first < all; first += amx_pixels) {
    product.pixels = gathered + first * 16;
    const std::size_t last = first + amx_pixels < all ? first + amx_pixels : all;
    multiply<Numbers>(product, last - first, blocks, sums);
    for (std::size_t from = first; from < last;) {
      const std::size_t row = from / pitch;
      const std::size_t end = row * pitch + job.out_width;
      if (from < end)
        write<Numbers>(job, rows.image, (rows.first + row) * job.out_width + from % pitch,
                       (end < last ? end : last) - from, block, blocks, sums + (from - first) * 16);
      from = (row + 1) * pitch;
    }
  }
}

template <typename Numbers>
void direct(const Job& job, std::size_t begin, std::size_t end, Scratch& scratch) {
  const TileShapes shapes;
  _tile_loadconfig(&shapes);
  const bool by_rows = job.gather == Gather::rows;
  const std::size_t taps = job.kernel * job.kernel;
  const std::size_t slot =
      groups_of<Placed<Numbers>>(job) * taps * Numbers::terms * amx_pixels * 16;
  float* sums = scratch.data;
  float* gathered = sums + amx_pixels * amx_blocks * 16;
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

    const std::size_t last_block = job.out_blocks * (group + 1) / job.groups;
    for (std::size_t block = job.out_blocks * group / job.groups; block < last_block;
         block += amx_blocks) {
      const std::size_t blocks = last_block - block < amx_blocks ? last_block - block : amx_blocks;
      if (by_rows)
        multiply_rows<Numbers>(job, rows_of_span(job, span), gathered, block, blocks, sums);
      else
        multiply_span<Numbers>(job, first, last, gathered, slot, block, blocks, sums);
    }
  }
  _tile_release();
}

}  // namespace

#define CHESTMAP_TABLE(numbers) \
  { amx_pixels, amx_blocks, direct<numbers>, nullptr, nullptr, nullptr, nullptr, nullptr }

const KernelTable amx_bfloat16_kernels[3] = {
    CHESTMAP_TABLE(Bfloat16<1>), CHESTMAP_TABLE(Bfloat16<2>), CHESTMAP_TABLE(Bfloat16<3>)};
const KernelTable amx_int8_kernels = CHESTMAP_TABLE(Int8);

#undef CHESTMAP_TABLE

}  // namespace chestmap::kernels
