#include "localize/box_fit.h"

#include <algorithm>
#include <cmath>

#include "base/median.h"
#include "geometry/boxes_from_map.h"

namespace chestmap {

namespace {

constexpr double kStep = 0.02;  // of the candidates, from twice to 48 times it: 0.04 to 0.96
constexpr int kFirst = 2;
constexpr int kLast = 48;

}  // namespace

BoxFit::BoxFit() {
  for (int i = kFirst; i <= kLast; ++i) candidates_.push_back(kStep * i);
  areas_.resize(candidates_.size());
}

void BoxFit::add(const ImageF& map) {
  const MapView view{map.pixels().data(), map.width(), map.height(), 1.0, 1.0};
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const auto boxes =
        boxes_from_map(view, {BoxRule::Kind::median_peak, candidates_[i], /*most_boxes=*/1});
    areas_[i].push_back(boxes.empty() ? 0.0 : boxes.front().box.area());
  }
}

std::optional<double> BoxFit::fraction(double expected_area) const {
  if (maps() == 0) return std::nullopt;
  std::size_t best = 0;
  double best_distance = 0.0;
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const double distance =
        std::abs(std::log(std::max(upper_median(areas_[i]), 1e-9)) - std::log(expected_area));
    if (i == 0 || distance < best_distance) {
      best = i;
      best_distance = distance;
    }
  }
  return candidates_[best];
}

}  // namespace chestmap
