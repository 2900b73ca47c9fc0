// Direct convolutions in 8 bits by AVX-512's dot products of integers; CMakeLists.txt has the
// compiler flags.

// clang-format off
#include "kernels/vec_avx512.inl"
#include "kernels/tile.inl"
#include "kernels/gather.inl"
#include "kernels/narrow.inl"
#include "kernels/dots.inl"
// clang-format on

namespace chestmap::kernels {
namespace {

struct Int8Dots : Int8 {
  /// Of 32 bits, as the instruction has them: sums of any other type GCC converts on the way round
  /// a loop, for which registers do not suffice.
  using Sums = int __attribute__((vector_size(64)));

  static Sums add_products(Sums sums, Vec pixel, Vec weights) {
    return reinterpret_cast<Sums>(_mm512_dpbusd_epi32(
        reinterpret_cast<__m512i>(sums), _mm512_castps_si512(pixel), _mm512_castps_si512(weights)));
  }
  static Vec sum(Sums sums, Vec product_steps, Vec bias) {
    return Int8::sum(reinterpret_cast<Vec>(sums), product_steps, bias);
  }
};

}  // namespace

const KernelTable avx512_int8_kernels = narrow_kernels<Dots<Int8Dots>>();

}  // namespace chestmap::kernels
