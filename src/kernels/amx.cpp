// Direct convolutions in bfloat16 by AMX, summed in single precision; CMakeLists.txt has the
// compiler flags. A tile register holds 16 pixels by 32 inputs, 32 inputs by 16 outputs, or 16
// pixels by 16 outputs.

// clang-format off
#include "kernels/vec_avx512.inl"
#include "kernels/tile.inl"
#include "kernels/gather.inl"
// clang-format on

namespace chestmap::kernels {
namespace {

constexpr std::size_t amx_pixels = 32;  // of a tile of the convolution: two registers
constexpr std::size_t amx_blocks = 2;
constexpr std::size_t step_values = 32;  // inputs that an instruction multiplies

/// Where gathered inputs go, rounded: pair of runs of 16 inputs, pixel, input.
struct Rounded {
  float* to;
  std::size_t pixels;
  void put(std::size_t run, std::size_t p, Vec x) const {
    auto* row = reinterpret_cast<char*>(to) + (run / 2 * pixels + p) * 64 + run % 2 * 32;
    const __m256bh rounded = _mm512_cvtneps_pbh(x);
    __builtin_memcpy(row, &rounded, sizeof rounded);
  }
};

struct alignas(64) TileShapes {
  unsigned char palette = 1;
  unsigned char start_row = 0;
  unsigned char reserved[14] = {};
  unsigned short row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  unsigned char rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

/// Sums of up to 32 pixels by one or two blocks: block, pixel, output.
template <bool two_rows, bool two_blocks>
void multiply(const Tile& tile, float* sums) {
  const auto* pixels = reinterpret_cast<const char*>(tile.pixels);
  const auto* weights = reinterpret_cast<const char*>(tile.weights);
  const float* ahead = tile.ahead;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (std::size_t run = 0; run < tile.runs; ++run) {
    _tile_loadd(4, pixels, 64);
    _tile_loadd(6, weights, 64);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (two_blocks) {
      _tile_loadd(7, weights + tile.weight_block, 64);
      _tile_dpbf16ps(1, 4, 7);
    }
    if constexpr (two_rows) {
      _tile_loadd(5, pixels + 16 * 64, 64);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (two_blocks) _tile_dpbf16ps(3, 5, 7);
    }
    pixels += tile.run_stride;
    weights += 16 * 64;
    for (std::size_t line = 0; line < tile.ahead_lines; ++line) {
      __builtin_prefetch(ahead + line * 16, 0, 2);
      __builtin_prefetch(ahead + tile.ahead_stride + line * 16, 0, 2);
    }
    ahead += 2 * tile.ahead_stride;
  }
  _tile_stored(0, sums, 64);
  if constexpr (two_blocks) _tile_stored(1, sums + amx_pixels * 16, 64);
  if constexpr (two_rows) {
    _tile_stored(2, sums + 16 * 16, 64);
    if constexpr (two_blocks) _tile_stored(3, sums + (amx_pixels + 16) * 16, 64);
  }
}

void multiply_tile(const Job& job, std::size_t index, std::size_t later, const float* gathered,
                   std::size_t block, std::size_t blocks, float* sums) {
  const Pixels pixels = pixels_of_tile(job, index);
  Tile tile{};
  tile.pixels = gathered;
  tile.run_stride = pixels.count * 64;  // bytes here, as the next
  tile.runs = (job.products + step_values - 1) / step_values;
  tile.weight_block = tile.runs * 16 * 64;
  tile.weights = job.weights + block * tile.weight_block / sizeof(float);
  fetch_ahead(job, later, block, tile);
  if (pixels.count > 16)
    blocks == 2 ? multiply<true, true>(tile, sums) : multiply<true, false>(tile, sums);
  else
    blocks == 2 ? multiply<false, true>(tile, sums) : multiply<false, false>(tile, sums);

  for (std::size_t b = block; b < block + blocks; ++b, sums += amx_pixels * 16) {
    const Vec bias = job.bias == nullptr ? spread(0.0F) : load(job.bias + b * 16);
    float* out = job.output.data + pixels.image * job.output.image + b * job.output.block +
                 pixels.first * 16;
    const float* residual = job.residual.data == nullptr
                                ? nullptr
                                : job.residual.data + pixels.image * job.residual.image +
                                      b * job.residual.block + pixels.first * 16;
    for (std::size_t p = 0; p < pixels.count; ++p) {
      Vec sum = add(load(sums + p * 16), bias);
      if (residual != nullptr) sum = add(sum, load(residual + p * 16));
      store(out + p * 16, job.relu ? larger(sum, spread(0.0F)) : sum);
    }
  }
}

void direct(const Job& job, std::size_t begin, std::size_t end, float* scratch) {
  const TileShapes shapes;
  _tile_loadconfig(&shapes);
  const std::size_t steps = (job.products + step_values - 1) / step_values;
  const std::size_t slot = steps * amx_pixels * 16;
  float* sums = scratch;
  scratch += amx_pixels * amx_blocks * 16;
  std::size_t gathered = job.spans;  // the span whose inputs lie in the scratch memory: none yet
  for (std::size_t item = begin; item < end; ++item) {
    const std::size_t span = item / job.groups;
    const std::size_t group = item % job.groups;
    const std::size_t first = job.tiles * span / job.spans;
    const std::size_t last = job.tiles * (span + 1) / job.spans;
    if (span != gathered) {
      gather_span<Rounded>(job, first, last, scratch, slot);
      if (job.products % step_values != 0)
        for (std::size_t tile = first; tile < last; ++tile) {
          const Rounded to{scratch + (tile - first) * slot, pixels_of_tile(job, tile).count};
          for (std::size_t p = 0; p < to.pixels; ++p) to.put(2 * steps - 1, p, spread(0.0F));
        }
    }
    gathered = span;

    const std::size_t last_block = job.out_blocks * (group + 1) / job.groups;
    for (std::size_t block = job.out_blocks * group / job.groups; block < last_block;
         block += amx_blocks)
      for (std::size_t tile = first; tile < last; ++tile)
        multiply_tile(job, tile, tile + last - first, scratch + (tile - first) * slot, block,
                      last_block - block < amx_blocks ? last_block - block : amx_blocks, sums);
  }
  _tile_release();
}

}  // namespace

const KernelTable amx_kernels{amx_pixels, amx_blocks, direct,  nullptr,
                              nullptr,    nullptr,    nullptr, nullptr};

}  // namespace chestmap::kernels
