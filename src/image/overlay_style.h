#pragma once

#include <algorithm>
#include <cstddef>

#include "image/image.h"

namespace chestmap {

/// Colours and measures that the drawing over the radiograph and the panel beside it share.
struct OverlayStyle {
  static constexpr Rgb kPanel{16, 18, 22};
  static constexpr Rgb kText{236, 238, 242};
  static constexpr Rgb kFaint{150, 156, 166};
  static constexpr Rgb kWarning{255, 196, 84};
  static constexpr Rgb kPredicted{0, 229, 255};
  static constexpr Rgb kTruth{124, 255, 107};
  static constexpr Rgb kContour{255, 255, 255};
  static constexpr Rgb kShade{0, 0, 0};

  explicit OverlayStyle(std::size_t side)
      : font(std::max(10.0, static_cast<double>(side) / 50.0)),
        line(std::max(1.6, static_cast<double>(side) / 420.0)),
        panel_width(18.0 * font) {}

  double font;         ///< size of plain text, in pixels
  double line;         ///< thickness of boxes, in pixels
  double panel_width;  ///< in pixels
};

}  // namespace chestmap
