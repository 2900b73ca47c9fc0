#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "image/image.h"

namespace chestmap {

/// Rows that are worked on at a time: what is looked up for a column serves all of them, and their
/// sums do not wait for each other.
inline constexpr std::size_t kRowGroup = 4;

/// Calls `visit(from, to)` with the starts of the next rows of two images of the same height, until
/// all were there. Behind the last row it comes again and again.
template <typename Visit>
void for_row_groups(const ImageF& image, ImageF& result, const Visit& visit) {
  std::array<const float*, kRowGroup> from;
  std::array<float*, kRowGroup> to;
  for (std::size_t y = 0; y < image.height(); y += kRowGroup) {
    for (std::size_t r = 0; r < kRowGroup; ++r) {
      const std::size_t row = std::min(y + r, image.height() - 1);
      from[r] = image.pixels().data() + row * image.width();
      to[r] = result.pixels().data() + row * result.width();
    }
    visit(from, to);
  }
}

}  // namespace chestmap
