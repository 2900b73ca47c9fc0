#include "metrics/bca_interval.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "metrics/normal_distribution.h"
#include "metrics/quantile.h"

namespace chestmap {

namespace {

std::vector<double> defined(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  return values;
}

double acceleration_of(const std::vector<double>& left_out) {
  const double mean =
      std::accumulate(left_out.begin(), left_out.end(), 0.0) / static_cast<double>(left_out.size());
  double squares = 0.0;
  double cubes = 0.0;
  for (const double value : left_out) {
    const double d = mean - value;
    squares += d * d;
    cubes += d * d * d;
  }
  return squares > 0.0 ? cubes / (6.0 * std::pow(squares, 1.5)) : 0.0;
}

}  // namespace

std::optional<BcaConstants> bca_constants(const Bootstrapped& statistic) {
  if (!statistic.value) return std::nullopt;
  const std::vector<double> resampled = defined(statistic.resampled);
  const std::vector<double> left_out = defined(statistic.left_out);
  if (resampled.size() < 2 || left_out.size() < 2) return std::nullopt;
  double below = 0.0;
  for (const double value : resampled)
    below += value < *statistic.value ? 1.0 : (value == *statistic.value ? 0.5 : 0.0);
  const double bias = normal_quantile(below / static_cast<double>(resampled.size()));
  if (!std::isfinite(bias)) return std::nullopt;
  return BcaConstants{bias, acceleration_of(left_out)};
}

std::optional<Interval> bca_interval(const Bootstrapped& statistic, double coverage) {
  const auto constants = bca_constants(statistic);
  if (!constants) return std::nullopt;
  std::vector<double> resampled = defined(statistic.resampled);
  std::sort(resampled.begin(), resampled.end());
  const auto bound = [&](double z) {
    const double shifted = constants->bias + z;
    const double stretch = 1.0 - constants->acceleration * shifted;
    // Where the stretch reaches 0 the bound has gone to the end of the distribution.
    const double share = stretch > 0.0 ? normal_cdf(constants->bias + shifted / stretch)
                                       : (shifted > 0.0 ? 1.0 : 0.0);
    return quantile_of_sorted(resampled, share);
  };
  const double z = normal_quantile((1.0 + coverage) / 2.0);
  return Interval{bound(-z), bound(z)};
}

}  // namespace chestmap
