#include "evaluate/otsu.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace chestmap {

std::optional<double> otsu_threshold(std::span<const float> values) {
  constexpr std::size_t kBins = 256;
  double least = std::numeric_limits<double>::infinity();
  double most = -least;
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    least = std::min(least, static_cast<double>(value));
    most = std::max(most, static_cast<double>(value));
  }
  if (!(least < most)) return std::nullopt;
  const double width = (most - least) / static_cast<double>(kBins);
  std::array<double, kBins> histogram{};
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    const auto bin = static_cast<std::size_t>((static_cast<double>(value) - least) / width);
    histogram[std::min(bin, kBins - 1)] += 1.0;
  }
  double total = 0.0;
  double total_sum = 0.0;
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    total += histogram[bin];
    total_sum += histogram[bin] * static_cast<double>(bin);
  }
  double below = 0.0;
  double below_sum = 0.0;
  double best = -1.0;
  std::size_t first_above = 1;
  for (std::size_t bin = 1; bin < kBins; ++bin) {
    below += histogram[bin - 1];
    below_sum += histogram[bin - 1] * static_cast<double>(bin - 1);
    const double above = total - below;
    if (below <= 0.0 || above <= 0.0) continue;
    const double apart = below_sum / below - (total_sum - below_sum) / above;
    const double between = below * above * apart * apart;
    if (between > best) {
      best = between;
      first_above = bin;
    }
  }
  return least + width * static_cast<double>(first_above);
}

}  // namespace chestmap
