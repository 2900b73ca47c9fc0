#include "image/png_filters.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <vector>

// Three of PNG's filters predict a pixel from its left neighbour, so that a row alone cannot be
// vectorised. Eight rows can: with each row one pixel behind the one above, the eight pixels of a
// step depend on earlier steps alone. A step is a vector with a lane a row, and every filter is
// computed in every lane and selected by masks.

namespace chestmap {

#ifdef __SSE2__

namespace {

constexpr std::size_t kRows = 8;

using Vector = __m128i;

// std::array<Vector, N> would drop the type's alignment, as compilers warn.
struct Four {
  Vector vectors[4];
  Vector& operator[](std::size_t i) { return vectors[i]; }
  const Vector& operator[](std::size_t i) const { return vectors[i]; }
};
struct Eight {
  Vector vectors[kRows];
  Vector& operator[](std::size_t i) { return vectors[i]; }
  const Vector& operator[](std::size_t i) const { return vectors[i]; }
};

Vector load_half(const std::uint8_t* from) {
  return _mm_loadl_epi64(reinterpret_cast<const Vector*>(from));
}

void store_half(std::uint8_t* to, Vector bytes, bool upper) {
  if (upper) bytes = _mm_unpackhi_epi64(bytes, bytes);
  _mm_storel_epi64(reinterpret_cast<Vector*>(to), bytes);
}

/// Eight rows of eight bytes, one in the lower half of each vector, as eight columns: two a vector.
Four transposed(const Eight& rows) {
  // Rows 0 and 4, 1 and 5, ... zipped three times come out as columns.
  Four a;
  for (std::size_t i = 0; i < 4; ++i) a[i] = _mm_unpacklo_epi8(rows[i], rows[i + 4]);
  const Four b = {{_mm_unpacklo_epi8(a[0], a[2]), _mm_unpackhi_epi8(a[0], a[2]),
                   _mm_unpacklo_epi8(a[1], a[3]), _mm_unpackhi_epi8(a[1], a[3])}};
  return {{_mm_unpacklo_epi8(b[0], b[2]), _mm_unpackhi_epi8(b[0], b[2]),
           _mm_unpacklo_epi8(b[1], b[3]), _mm_unpackhi_epi8(b[1], b[3])}};
}

Vector absolute(Vector words) {
  return _mm_max_epi16(words, _mm_sub_epi16(_mm_setzero_si128(), words));
}

Vector select(Vector mask, Vector where, Vector elsewhere) {
  return _mm_or_si128(_mm_and_si128(mask, where), _mm_andnot_si128(mask, elsewhere));
}

/// The filters of the eight rows, as masks: all ones in the lanes of the rows that have one.
struct Masks {
  explicit Masks(const std::array<std::uint8_t, kRows>& filters) {
    std::array<std::int16_t, kRows> lanes{};
    std::copy(filters.begin(), filters.end(), lanes.begin());
    const Vector all = _mm_loadu_si128(reinterpret_cast<const Vector*>(lanes.data()));
    left = _mm_cmpeq_epi16(all, _mm_set1_epi16(1));
    up = _mm_cmpeq_epi16(all, _mm_set1_epi16(2));
    average = _mm_cmpeq_epi16(all, _mm_set1_epi16(3));
    paeth = _mm_cmpeq_epi16(all, _mm_set1_epi16(4));
  }
  Vector left;
  Vector up;
  Vector average;
  Vector paeth;
};

/// Paeth's predictor: of the three neighbours the one nearest to left + up - corner, ties in the
/// order left, up, corner.
Vector paeth(Vector left, Vector up, Vector corner) {
  const Vector up_corner = _mm_sub_epi16(up, corner);
  const Vector left_corner = _mm_sub_epi16(left, corner);
  const Vector to_left = absolute(up_corner);
  const Vector to_up = absolute(left_corner);
  const Vector to_corner = absolute(_mm_add_epi16(up_corner, left_corner));
  const Vector other = select(_mm_cmplt_epi16(to_corner, to_up), corner, up);
  const Vector not_left =
      _mm_or_si128(_mm_cmplt_epi16(to_up, to_left), _mm_cmplt_epi16(to_corner, to_left));
  return select(not_left, other, left);
}

/// The state of the eight rows: their last pixels, and the pixels above those.
class Wavefront {
 public:
  explicit Wavefront(const Masks& masks) : masks_(masks) {}

  /// The next pixel of each row; `above` is the one above the first row's.
  Vector step(Vector filtered, std::uint8_t above) {
    const Vector corner = up_;
    up_ = _mm_insert_epi16(_mm_slli_si128(left_, 2), above, 0);
    const Vector mean = _mm_srli_epi16(_mm_add_epi16(left_, up_), 1);
    const Vector simple =
        _mm_or_si128(_mm_or_si128(_mm_and_si128(masks_.left, left_), _mm_and_si128(masks_.up, up_)),
                     _mm_and_si128(masks_.average, mean));
    const Vector predicted =
        _mm_or_si128(simple, _mm_and_si128(masks_.paeth, paeth(left_, up_, corner)));
    left_ = _mm_and_si128(_mm_add_epi16(filtered, predicted), _mm_set1_epi16(255));
    return left_;
  }

  /// Rows that have not begun at step `number` keep the zeros that stand left of an image.
  void begin(std::size_t number) {
    const Vector lanes = _mm_set_epi16(7, 6, 5, 4, 3, 2, 1, 0);
    left_ = _mm_andnot_si128(
        _mm_cmpgt_epi16(lanes, _mm_set1_epi16(static_cast<std::int16_t>(number))), left_);
  }

 private:
  Masks masks_;
  Vector left_ = _mm_setzero_si128();
  Vector up_ = _mm_setzero_si128();
};

/// One block of eight rows. `filtered` and `above` point to their first pixels; the results come in
/// rows of `stride`, with room for kRows bytes before and behind each.
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
      Eight rows;
      for (std::size_t r = 0; r < kRows; ++r) rows[r] = load_half(filtered[r] + first - r);
      const Four columns = transposed(rows);
      Eight steps;
#pragma GCC unroll 8
      for (std::size_t s = 0; s < kRows; ++s) {
        const Vector zero = _mm_setzero_si128();
        const Vector pair = columns[s / 2];
        const Vector column =
            s % 2 == 0 ? _mm_unpacklo_epi8(pair, zero) : _mm_unpackhi_epi8(pair, zero);
        steps[s] = wavefront.step(column, above[first + s]);
        if (first == 0) wavefront.begin(s);
      }
      store(steps, first);
    }
  }

 private:
  void store(const Eight& steps, std::size_t first) {
    Eight columns;
    for (std::size_t s = 0; s < kRows; ++s) columns[s] = _mm_packus_epi16(steps[s], steps[s]);
    const Four rows = transposed(columns);
    for (std::size_t r = 0; r < kRows; ++r)
      store_half(pixels_.data() + r * stride_ + kRows + first - r, rows[r / 2], r % 2 == 1);
  }

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
