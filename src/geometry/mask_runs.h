#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "geometry/mask.h"

namespace chestmap {

/// Gathers the ones of a mask as intervals of its column-major pixels.
class MaskRuns {
 public:
  /// Throws std::invalid_argument where the mask would have 2^32 pixels or more.
  MaskRuns(std::size_t width, std::size_t height);

  /// Sets pixels [first, last). Intervals come in rising order and may touch, not overlap.
  void add(std::size_t first, std::size_t last);
  [[nodiscard]] Mask finish();

 private:
  std::size_t width_;
  std::size_t height_;
  std::size_t end_ = 0;  ///< of the last interval
  std::vector<std::uint32_t> runs_;
};

}  // namespace chestmap
