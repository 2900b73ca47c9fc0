#include "image/png_filters.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <vector>

// Three of PNG's filters predict a pixel from its left neighbour, so that a row alone cannot be
// vectorised. Sixteen rows can: with each row one pixel behind the one above, the sixteen pixels of
// a step depend on earlier steps alone. A step is a vector with a byte a row, and every filter is
// computed in every lane and selected by masks.

namespace chestmap {

#ifdef __SSE2__

namespace {

constexpr std::size_t kRows = 16;
static_assert(kFilterMargin >= 2 * kRows);

using Vector = __m128i;

// std::array<Vector, N> would drop the type's alignment, as compilers warn.
struct Square {
  Vector vectors[kRows];
  Vector& operator[](std::size_t i) { return vectors[i]; }
  const Vector& operator[](std::size_t i) const { return vectors[i]; }
};

Vector load(const std::uint8_t* from) {
  return _mm_loadu_si128(reinterpret_cast<const Vector*>(from));
}

void store(std::uint8_t* to, Vector bytes) {
  _mm_storeu_si128(reinterpret_cast<Vector*>(to), bytes);
}

/// Columns for rows: zipping each with the one half of them behind it, four times.
Square transposed(Square rows) {
  constexpr std::size_t half = kRows / 2;
  for (std::size_t zip = 0; zip < 4; ++zip) {
    Square zipped;
#pragma GCC unroll 8
    for (std::size_t i = 0; i < half; ++i) {
      zipped[2 * i] = _mm_unpacklo_epi8(rows[i], rows[i + half]);
      zipped[2 * i + 1] = _mm_unpackhi_epi8(rows[i], rows[i + half]);
    }
    rows = zipped;
  }
  return rows;
}

Vector select(Vector mask, Vector where, Vector elsewhere) {
  return _mm_or_si128(_mm_and_si128(mask, where), _mm_andnot_si128(mask, elsewhere));
}

/// Where a <= b.
Vector not_above(Vector a, Vector b) { return _mm_cmpeq_epi8(_mm_min_epu8(a, b), a); }

Vector distance(Vector a, Vector b) {
  return _mm_or_si128(_mm_subs_epu8(a, b), _mm_subs_epu8(b, a));
}

/// The filters of the rows, as masks: all ones in the lanes of the rows that have one.
struct Masks {
  explicit Masks(const std::array<std::uint8_t, kRows>& filters) {
    const Vector all = load(filters.data());
    left = _mm_cmpeq_epi8(all, _mm_set1_epi8(1));
    up = _mm_cmpeq_epi8(all, _mm_set1_epi8(2));
    average = _mm_cmpeq_epi8(all, _mm_set1_epi8(3));
    paeth = _mm_cmpeq_epi8(all, _mm_set1_epi8(4));
  }
  Vector left;
  Vector up;
  Vector average;
  Vector paeth;
};

/// Paeth's predictor: of the three neighbours the one nearest to left + up - corner, ties in the
/// order left, up, corner. Its distances from left, up and corner are |up - corner|,
/// |left - corner| and the sum of both, which can be the least only where their signs differ: a
/// byte holds it then.
Vector paeth(Vector left, Vector up, Vector corner) {
  const Vector to_left = distance(up, corner);
  const Vector to_up = distance(left, corner);
  const Vector same_sign = _mm_cmpeq_epi8(not_above(corner, up), not_above(corner, left));
  const Vector to_corner = _mm_or_si128(distance(to_left, to_up), same_sign);
  const Vector to_other = _mm_min_epu8(to_up, to_corner);
  const Vector other = select(_mm_cmpeq_epi8(to_other, to_up), up, corner);
  return select(not_above(to_left, to_other), left, other);
}

/// Of two pixels, rounded down.
Vector mean(Vector a, Vector b) {
  const Vector odd = _mm_and_si128(_mm_xor_si128(a, b), _mm_set1_epi8(1));
  return _mm_sub_epi8(_mm_avg_epu8(a, b), odd);
}

/// The state of the rows: their last pixels, and the pixels above those.
class Wavefront {
 public:
  explicit Wavefront(const Masks& masks) : masks_(masks) {}

  /// The next pixel of each row; `above` is the one above the first row's.
  Vector step(Vector filtered, std::uint8_t above) {
    const Vector corner = up_;
    up_ = _mm_or_si128(_mm_slli_si128(left_, 1), _mm_cvtsi32_si128(above));
    const Vector simple =
        _mm_or_si128(_mm_or_si128(_mm_and_si128(masks_.left, left_), _mm_and_si128(masks_.up, up_)),
                     _mm_and_si128(masks_.average, mean(left_, up_)));
    const Vector predicted =
        _mm_or_si128(simple, _mm_and_si128(masks_.paeth, paeth(left_, up_, corner)));
    left_ = _mm_add_epi8(filtered, predicted);
    return left_;
  }

  /// Rows that have not begun at step `number` keep the zeros that stand left of an image.
  void begin(std::size_t number) {
    const Vector lanes = _mm_set_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    left_ = _mm_andnot_si128(_mm_cmpgt_epi8(lanes, _mm_set1_epi8(static_cast<std::int8_t>(number))),
                             left_);
  }

 private:
  Masks masks_;
  Vector left_ = _mm_setzero_si128();
  Vector up_ = _mm_setzero_si128();
};

/// One block of rows. `filtered` and `above` point to their first pixels; the results come in rows
/// of `stride`, with room for kRows bytes before and behind each.
class Block {
 public:
  explicit Block(std::size_t width)
      : width_(width), stride_(width + 4 * kRows), pixels_(kRows * stride_) {}

  [[nodiscard]] const std::uint8_t* row(std::size_t r) const {
    return pixels_.data() + r * stride_ + kRows;
  }

  void decode(const std::array<const std::uint8_t*, kRows>& filtered, const Masks& masks,
              const std::uint8_t* above) {
    Wavefront wavefront(masks);
    for (std::size_t first = 0; first < width_ + kRows - 1; first += kRows) {
      Square rows;
      for (std::size_t r = 0; r < kRows; ++r) rows[r] = load(filtered[r] + first - r);
      Square steps = transposed(rows);
      for (std::size_t s = 0; s < kRows; ++s) {
        steps[s] = wavefront.step(steps[s], above[first + s]);
        if (first == 0) wavefront.begin(s);
      }
      rows = transposed(steps);
      for (std::size_t r = 0; r < kRows; ++r)
        store(pixels_.data() + r * stride_ + kRows + first - r, rows[r]);
    }
  }

 private:
  std::size_t width_;
  std::size_t stride_;
  std::vector<std::uint8_t> pixels_;
};

}  // namespace

bool undo_filters(std::span<const std::uint8_t> filtered, Image8& image) {
  const std::size_t width = image.width();
  const std::size_t height = image.height();
  // Whole groups of steps look at what stands above, beyond a row's end.
  std::vector<std::uint8_t> above(width + 2 * kRows);
  Block block(width);
  for (std::size_t first = 0; first < height; first += kRows) {
    std::array<std::uint8_t, kRows> filters;
    std::array<const std::uint8_t*, kRows> rows;
    for (std::size_t r = 0; r < kRows; ++r) {
      // Behind the last row it is decoded again, in vain.
      const std::size_t y = std::min(first + r, height - 1);
      filters[r] = filtered[y * (width + 1)];
      if (filters[r] > 4) return false;
      rows[r] = filtered.data() + y * (width + 1) + 1;
    }
    block.decode(rows, Masks(filters), above.data());
    for (std::size_t r = 0; r < std::min(kRows, height - first); ++r)
      std::copy_n(block.row(r), width, image.pixels().data() + (first + r) * width);
    std::copy_n(block.row(kRows - 1), width, above.data());
  }
  return true;
}

#else

bool undo_filters(std::span<const std::uint8_t>, Image8&) { return false; }

#endif

}  // namespace chestmap
