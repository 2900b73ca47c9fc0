#include "metrics/size_strata.h"

#include <algorithm>
#include <vector>

#include "metrics/quantile.h"

namespace chestmap {

FindingSize SizeStrata::of(double area) const noexcept {
  if (area <= small_most) return FindingSize::small;
  return area <= medium_most ? FindingSize::medium : FindingSize::large;
}

std::optional<SizeStrata> size_strata(std::span<const double> areas) {
  if (areas.size() < 3) return std::nullopt;
  std::vector<double> sorted(areas.begin(), areas.end());
  std::sort(sorted.begin(), sorted.end());
  return SizeStrata{quantile_of_sorted(sorted, 1.0 / 3.0), quantile_of_sorted(sorted, 2.0 / 3.0)};
}

}  // namespace chestmap
