// The kernels for one instruction set; CMakeLists.txt has its compiler flags. Each file builds on
// those above it.

// clang-format off
#include "kernels/vec_avx2.inl"
#include "kernels/tile.inl"
#include "kernels/gather.inl"
#include "kernels/direct.inl"
#include "kernels/planar.inl"
#include "kernels/winograd.inl"
#include "kernels/planes.inl"
// clang-format on

namespace chestmap::kernels {

const KernelTable avx2_kernels{max_tile_pixels, max_tile_blocks, direct,   planar,
                               winograd<2>,     winograd<4>,     max_pool, scale_shift_relu};

}  // namespace chestmap::kernels
