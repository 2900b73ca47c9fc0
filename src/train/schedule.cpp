#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace chestmap {

double Schedule::factor(std::int64_t step) const {
  const auto at = static_cast<double>(step);
  if (at < warmup_steps) return (at + 1.0) / (warmup_steps + 1.0);
  if (kind != "cosine") return 1.0;
  const double t =
      std::clamp((at - warmup_steps) / std::max(1.0, total_steps - warmup_steps), 0.0, 1.0);
  return 0.5 * (1.0 + std::cos(std::numbers::pi * t));
}

}  // namespace chestmap
