#include "metrics/paired_test.h"

#include <algorithm>
#include <cmath>

namespace chestmap {

std::optional<double> paired_bootstrap_p(const Bootstrapped& difference) {
  if (!difference.value) return std::nullopt;
  double count = 0.0;
  double at_or_below = 0.0;
  double at_or_above = 0.0;
  for (const double value : difference.resampled) {
    if (std::isnan(value)) continue;
    count += 1.0;
    if (value <= 0.0) at_or_below += 1.0;
    if (value >= 0.0) at_or_above += 1.0;
  }
  if (count == 0.0) return std::nullopt;
  return std::min(1.0, 2.0 * (std::min(at_or_below, at_or_above) + 1.0) / (count + 1.0));
}

}  // namespace chestmap
