// Vec: 16 floats, by AVX-512F.
#include <immintrin.h>

namespace chestmap::kernels {
namespace {

using Vec = __m512;

inline Vec load(const float* from) { return _mm512_loadu_ps(from); }
inline void store(float* to, Vec x) { _mm512_storeu_ps(to, x); }
inline Vec spread(float x) { return _mm512_set1_ps(x); }
inline Vec add(Vec a, Vec b) { return _mm512_add_ps(a, b); }
inline Vec sub(Vec a, Vec b) { return _mm512_sub_ps(a, b); }
inline Vec mul(Vec a, Vec b) { return _mm512_mul_ps(a, b); }
inline Vec larger(Vec a, Vec b) { return _mm512_max_ps(a, b); }
/// a * b + c
inline Vec mul_add(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
/// c - a * b
inline Vec mul_sub_from(Vec a, Vec b, Vec c) { return _mm512_fnmadd_ps(a, b, c); }

constexpr int max_tile_pixels = 14;  // 28 sums, 2 weights and a pixel: 31 of 32 registers
constexpr int max_tile_blocks = 2;

}  // namespace
}  // namespace chestmap::kernels
