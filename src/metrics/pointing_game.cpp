#include "metrics/pointing_game.h"

#include <algorithm>

namespace chestmap {

Fraction pointing_game(const LocalizationCase& image) {
  if (image.truth.empty()) return {};
  const bool hit = std::any_of(image.truth.begin(), image.truth.end(), [&](const Box& truth) {
    return truth.contains(image.peak.x, image.peak.y);
  });
  return {hit ? 1.0 : 0.0, 1.0};
}

}  // namespace chestmap
