#pragma once

#include <cstddef>

namespace chestmap {

/// Decides which points of a rising curve are kept for drawing: one is kept where its coordinates,
/// as shares of their ranges, have together risen by 2 / `most_points` since the last one kept, so
/// that at most `most_points` + 1 are kept and none that is left out lies further than that from
/// a kept one.
class CurveThinning {
 public:
  explicit CurveThinning(std::size_t most_points)
      : step_(most_points > 0 ? 2.0 / static_cast<double>(most_points) : 2.0) {}

  /// The origin counts as kept.
  [[nodiscard]] bool keep(double x_share, double y_share) noexcept {
    if (x_share + y_share - kept_ < step_) return false;
    kept_ = x_share + y_share;
    return true;
  }

 private:
  double step_;
  double kept_ = 0.0;
};

}  // namespace chestmap
