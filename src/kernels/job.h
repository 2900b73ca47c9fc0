#pragma once

#include <cstddef>

/// What the kernels of each instruction set are given: plain data, without inline functions. The
/// files that are compiled for AVX include this header and no other of the project or the standard
/// library: an inline function compiled there could be the one that the linker keeps for all.
namespace chestmap::kernels {

/// A blocked tensor; floats from an image to the next and from a block of channels to the next.
struct ReadPlanes {
  const float* data;
  std::size_t image;
  std::size_t block;
};
struct WritePlanes {
  float* data;
  std::size_t image;
  std::size_t block;
};

/// Of a filter whose input is gathered by rows.
constexpr std::size_t most_row_taps = 25;

/// How a direct convolution finds what an output pixel is multiplied with. `rows`: with a stride of
/// s, the padded image is s x s phases, of which each tap of the filter reads one without a stride.
enum class Gather { pixel, average, patch, rows };

/// A convolution's numbers. A tile is what registers hold at once: some output pixels (Winograd:
/// some 2x2 or 4x4 squares) by one or two blocks of output channels. A span is some tiles; an item
/// is a span by a group of output blocks.
struct Job {
  // Shape.
  Gather gather;
  std::size_t in_height, in_width, in_blocks;
  std::size_t out_height, out_width, out_blocks;
  std::size_t in_channels, kernel, stride, padding;
  std::size_t products;  // summed for an output
  // The cut.
  std::size_t tiles_per_image;  // direct; of planes: in a row of the output
  std::size_t row_pitch;        // of planes: floats of a padded row; of rows: pixels of a phase's
  std::size_t squares;          // of all images; Winograd alone
  std::size_t tiles, spans, span_tiles, groups, tile_pixels;
  // Memory.
  ReadPlanes input;
  const float* scale;
  const float* shift;
  const float* weights;
  float steps_per_one;         // of int8: of the input
  const float* product_steps;  // of int8: what a product is worth, an output channel
  const float* bias;
  ReadPlanes residual;
  bool relu;
  WritePlanes output;
};

/// A thread's memory, aligned to 64 bytes, and the span whose gathered or transformed input lies in
/// it: further items of the same span find it there.
struct alignas(64) Scratch {
  float* data;
  std::size_t span = static_cast<std::size_t>(-1);  // none
};

struct PoolJob {
  std::size_t in_height, in_width, out_height, out_width, channel_blocks;
  ReadPlanes input;
  WritePlanes output;
  const float* scale;
  const float* shift;
};

/// The kernels compiled for an instruction set.
struct KernelTable {
  std::size_t tile_pixels;  // at most
  std::size_t tile_blocks;  // of output channels
  void (*direct)(const Job&, std::size_t begin, std::size_t end, Scratch& scratch);
  void (*planar)(const Job&, std::size_t begin, std::size_t end, Scratch& scratch);
  void (*winograd2)(const Job&, std::size_t begin, std::size_t end, Scratch& scratch);
  void (*winograd4)(const Job&, std::size_t begin, std::size_t end, Scratch& scratch);
  void (*max_pool)(const PoolJob&, std::size_t begin, std::size_t end);
  void (*scale_shift_relu)(const PoolJob&, std::size_t begin, std::size_t end);
};

extern const KernelTable portable_kernels;
extern const KernelTable avx2_kernels;
extern const KernelTable avx512_kernels;
// Direct alone; of AMX in bfloat16 by the number of terms.
extern const KernelTable avx512_bfloat16_kernels;
extern const KernelTable avx512_int8_kernels;
extern const KernelTable amx_bfloat16_kernels[3];
extern const KernelTable amx_int8_kernels;

}  // namespace chestmap::kernels
