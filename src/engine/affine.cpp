#include "engine/affine.h"

#include "engine/simd.h"

namespace chestmap::engine {

namespace {

/// Pixels in a piece of work.
constexpr std::int64_t kPiece = 512;

CHESTMAP_SIMD
void apply_block(const float* scale, const float* shift, bool relu, const float* input,
                 std::int64_t pixels, float* output) {
  Block factor;
  Block offset;
  __builtin_memcpy(&factor, scale, sizeof factor);
  __builtin_memcpy(&offset, shift, sizeof offset);
  for (std::int64_t p = 0; p < pixels * kBlock; p += kBlock) {
    Block value = block_at(input + p) * factor + offset;
    if (relu) value = value > 0.0F ? value : Block{};
    block_at(output + p) = value;
  }
}

}  // namespace

void apply(const Affine& affine, const float* input, std::int64_t pixels, float* output,
           int threads) {
  const auto blocks = static_cast<std::int64_t>(affine.scale.size()) / kBlock;
  const std::int64_t pieces = (pixels + kPiece - 1) / kPiece;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (std::int64_t i = 0; i < blocks * pieces; ++i) {
    const std::int64_t block = i / pieces;
    const std::int64_t first = i % pieces * kPiece;
    const std::int64_t at = (block * pixels + first) * kBlock;
    apply_block(affine.scale.data() + block * kBlock, affine.shift.data() + block * kBlock,
                affine.relu, input + at, std::min(kPiece, pixels - first), output + at);
  }
}

}  // namespace chestmap::engine
