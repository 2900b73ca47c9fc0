// Direct convolutions by AMX, in bfloat16 summed in single precision, and in 8 bits summed in
// integers; CMakeLists.txt has the compiler flags. A tile register holds 16 pixels by 32 inputs (64
// of 8 bits), as many inputs by 16 outputs, or 16 pixels by 16 outputs.

// clang-format off
#include "kernels/vec_avx512.inl"
#include "kernels/tile.inl"
#include "kernels/gather.inl"
#include "kernels/narrow.inl"
// clang-format on

namespace chestmap::kernels {
namespace {

constexpr std::size_t amx_pixels = 32;  // of a tile of the convolution: two registers
constexpr std::size_t amx_blocks = 2;
constexpr std::size_t tile_bytes = 16 * 64;  // of a register

struct alignas(64) TileShapes {
  unsigned char palette = 1;
  unsigned char start_row = 0;
  unsigned char reserved[14] = {};
  unsigned short row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  unsigned char rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
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
  constexpr int lines = terms * static_cast<int>(weight_bytes / 64);  // of a block's weights
  const char* next = weights + terms * weight_bytes;
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
  for (int j = 0; j < terms; ++j, weights += weight_bytes) {
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
    for (std::size_t tap = 0; tap < product.taps; ++tap, weights += Numbers::terms * weight_bytes)
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

/// Up to 32 consecutive pixels.
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
      Vec sum = Numbers::sum(load(sums + p * 16), product_steps, bias);
      if (residual != nullptr) sum = add(sum, load(residual + p * 16));
      store(out + p * 16, job.relu ? larger(sum, spread(0.0F)) : sum);
    }
  }
}

/// Tiles for as long as it lives.
template <typename TheNumbers>
class Amx {
 public:
  using Numbers = TheNumbers;
  static constexpr std::size_t tile_pixels = amx_pixels;
  static constexpr std::size_t tile_blocks = amx_blocks;
  static constexpr std::size_t sums = amx_pixels * amx_blocks * 16;

  explicit Amx(float* scratch) : sums_(scratch) {
    const TileShapes shapes;
    _tile_loadconfig(&shapes);
  }
  ~Amx() { _tile_release(); }
  Amx(const Amx&) = delete;
  Amx& operator=(const Amx&) = delete;

  void multiply(const Job& job, const Product& product, const Pixels& pixels, std::size_t block,
                std::size_t blocks) const {
    kernels::multiply<Numbers>(product, pixels.count, blocks, sums_);
    write<Numbers>(job, pixels.image, pixels.first, pixels.count, block, blocks, sums_);
  }

  /// The padded rows are multiplied as one line of pixels; sums that belong to the padding are
  /// dropped.
  void multiply_rows(const Job& job, const Product& of_rows, const Rows& rows, std::size_t block,
                     std::size_t blocks) const {
    const std::size_t pitch = job.row_pitch;
    const std::size_t all = (rows.count - 1) * pitch + job.out_width;
    Product product = of_rows;
    for (std::size_t first = 0; first < all; first += amx_pixels) {
      product.pixels = of_rows.pixels + first * 16;
      const std::size_t last = first + amx_pixels < all ? first + amx_pixels : all;
      kernels::multiply<Numbers>(product, last - first, blocks, sums_);
      for (std::size_t from = first; from < last;) {
        const std::size_t row = from / pitch;
        const std::size_t end = row * pitch + job.out_width;
        if (from < end)
          write<Numbers>(job, rows.image, (rows.first + row) * job.out_width + from % pitch,
                         (end < last ? end : last) - from, block, blocks,
                         sums_ + (from - first) * 16);
        from = (row + 1) * pitch;
      }
    }
  }

 private:
  float* sums_;
};

}  // namespace

const KernelTable amx_bfloat16_kernels[3] = {narrow_kernels<Amx<Bfloat16<1>>>(),
                                             narrow_kernels<Amx<Bfloat16<2>>>(),
                                             narrow_kernels<Amx<Bfloat16<3>>>()};
const KernelTable amx_int8_kernels = narrow_kernels<Amx<Int8>>();

}  // namespace chestmap::kernels
