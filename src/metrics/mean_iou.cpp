#include "metrics/mean_iou.h"

#include <algorithm>

namespace chestmap {

Fraction mean_iou(const LocalizationCase& image) {
  double sum = 0.0;
  for (const Box& truth : image.truth) {
    double best = 0.0;
    for (const ScoredBox& found : image.detected) best = std::max(best, iou(found.box, truth));
    sum += best;
  }
  return {sum, static_cast<double>(image.truth.size())};
}

}  // namespace chestmap
