#include "metrics/localization_accuracy.h"

#include <algorithm>

namespace chestmap {

Fraction localization_accuracy(const LocalizationCase& image, Overlap overlap, double threshold) {
  const auto met = [&](const Box& truth) {
    return std::any_of(image.detected.begin(), image.detected.end(), [&](const ScoredBox& found) {
      return overlap_of(overlap, found.box, truth) > threshold;
    });
  };
  return {static_cast<double>(std::count_if(image.truth.begin(), image.truth.end(), met)),
          static_cast<double>(image.truth.size())};
}

}  // namespace chestmap
