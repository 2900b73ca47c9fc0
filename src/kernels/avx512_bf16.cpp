// Direct convolutions in bfloat16 by AVX-512's dot products; CMakeLists.txt has the compiler flags.

// clang-format off
#include "kernels/vec_avx512.inl"
#include "kernels/tile.inl"
#include "kernels/gather.inl"
#include "kernels/narrow.inl"
#include "kernels/dots.inl"
// clang-format on

namespace chestmap::kernels {
namespace {

struct Bfloat16Dots : Bfloat16<1> {
  using Sums = Vec;

  static Sums add_products(Sums sums, Vec pixel, Vec weights) {
    return _mm512_dpbf16_ps(sums, reinterpret_cast<__m512bh>(pixel),
                            reinterpret_cast<__m512bh>(weights));
  }
};

}  // namespace

const KernelTable avx512_bfloat16_kernels = narrow_kernels<Dots<Bfloat16Dots>>();

}  // namespace chestmap::kernels
