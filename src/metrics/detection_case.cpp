#include "metrics/detection_case.h"

#include <cmath>
#include <stdexcept>

namespace chestmap {

namespace {

double overlap_of_masks(Overlap overlap, const Mask& detected, const Mask& truth) {
  switch (overlap) {
    case Overlap::iou:
      return iou(detected, truth);
    case Overlap::iobb:
      return iobb(detected, truth);
    case Overlap::centre:
      break;
  }
  const auto box = detected.bounding_box();
  if (!box) return 0.0;
  return truth.contains(box->x + box->width / 2.0, box->y + box->height / 2.0) ? 1.0 : 0.0;
}

void add_score(DetectionCase& added, double score) {
  if (std::isnan(score)) throw std::invalid_argument("a detection's score is no number");
  added.scores.push_back(score);
}

}  // namespace

DetectionCase detection_case(std::size_t image, std::span<const ScoredBox> detected,
                             std::span<const Box> truth, Overlap overlap) {
  DetectionCase result{image, truth.size(), {}, {}};
  result.scores.reserve(detected.size());
  result.overlaps.reserve(detected.size() * truth.size());
  for (const ScoredBox& found : detected) {
    add_score(result, found.score);
    for (const Box& box : truth) result.overlaps.push_back(overlap_of(overlap, found.box, box));
  }
  return result;
}

DetectionCase detection_case(std::size_t image, std::span<const double> scores,
                             std::span<const Mask> detected, std::span<const Mask> truth,
                             Overlap overlap) {
  if (scores.size() != detected.size())
    throw std::invalid_argument("detected masks and their scores differ in number");
  DetectionCase result{image, truth.size(), {}, {}};
  result.scores.reserve(detected.size());
  result.overlaps.reserve(detected.size() * truth.size());
  for (std::size_t i = 0; i < detected.size(); ++i) {
    add_score(result, scores[i]);
    for (const Mask& mask : truth)
      result.overlaps.push_back(overlap_of_masks(overlap, detected[i], mask));
  }
  return result;
}

}  // namespace chestmap
