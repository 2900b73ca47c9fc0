#include "metrics/false_positives.h"

#include <algorithm>

namespace chestmap {

Fraction false_positives(const LocalizationCase& image, Overlap overlap, double threshold) {
  const auto is_false = [&](const ScoredBox& found) {
    return std::none_of(image.truth.begin(), image.truth.end(), [&](const Box& truth) {
      return overlap_of(overlap, found.box, truth) > threshold;
    });
  };
  return {
      static_cast<double>(std::count_if(image.detected.begin(), image.detected.end(), is_false)),
      static_cast<double>(image.boxes_in_image)};
}

}  // namespace chestmap
