#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace chestmap {

/// An 8-connected region of grid cells: its bounding rectangle in cells, half-open, the number of
/// its cells and the largest value among them.
struct Region {
  std::size_t left = 0;
  std::size_t top = 0;
  std::size_t right = 0;
  std::size_t bottom = 0;
  std::size_t cells = 0;
  float peak = 0.0F;
};

/// The 8-connected regions of the cells whose value is at or above `level`, in the row-major order
/// of their first cells. `values` is row-major, width x height. A NaN cell belongs to no region.
[[nodiscard]] std::vector<Region> regions_at_or_above(std::span<const float> values,
                                                      std::size_t width, std::size_t height,
                                                      double level);

}  // namespace chestmap
