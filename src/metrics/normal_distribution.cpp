#include "metrics/normal_distribution.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace chestmap {

double normal_cdf(double x) noexcept { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

double normal_quantile(double probability) noexcept {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (std::isnan(probability) || probability < 0.0 || probability > 1.0)
    return std::numeric_limits<double>::quiet_NaN();
  if (probability == 0.0) return -kInfinity;
  if (probability > 0.5) return -normal_quantile(1.0 - probability);
  // From the tail's leading term, -sqrt(-2 log p), Newton's method on log Phi, which is concave:
  // after one step the iterates approach the quantile from one side.
  double x = -std::sqrt(-2.0 * std::log(probability));
  for (int step = 0; step < 60; ++step) {
    const double cdf = normal_cdf(x);
    const double density = std::exp(-x * x / 2.0) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
    const double change = std::log(cdf / probability) * cdf / density;
    if (!std::isfinite(change)) break;
    x -= change;
    if (std::abs(change) <= 1e-15 * std::abs(x)) break;
  }
  return x;
}

double two_sided_p(double z) noexcept { return std::erfc(std::abs(z) / std::numbers::sqrt2); }

}  // namespace chestmap
