#include "metrics/coco_average_precision.h"

#include <algorithm>
#include <numeric>

namespace chestmap {

namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);
constexpr int kRecalls = 100;  // steps between the recalls 0 and 1
constexpr double kRecallStep = 0.01;

/// The free true region that the detection overlaps most at `threshold` or above; the last one
/// among equals, as in COCO.
std::size_t region_for(const DetectionCase& image, std::size_t detection, double threshold,
                       const std::vector<char>& taken) {
  std::size_t region = kNone;
  double best = threshold;
  for (std::size_t truth = 0; truth < image.truths; ++truth) {
    const double overlap = image.overlap(detection, truth);
    if (taken[truth] != 0 || overlap < best) continue;
    best = overlap;
    region = truth;
  }
  return region;
}

struct Ranked {
  double score = 0.0;
  MatchedDetections::Entry entry;
};

void match(const DetectionCase& image, double threshold, std::size_t most,
           std::vector<Ranked>& ranked) {
  std::vector<std::size_t> order(image.scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return image.scores[a] > image.scores[b]; });
  order.resize(std::min(order.size(), most));
  std::vector<char> taken(image.truths, 0);
  for (const std::size_t detection : order) {
    const std::size_t region = region_for(image, detection, threshold, taken);
    if (region != kNone) taken[region] = 1;
    ranked.push_back(
        {image.scores[detection], {static_cast<std::uint32_t>(image.image), region != kNone}});
  }
}

}  // namespace

MatchedDetections::MatchedDetections(std::span<const DetectionCase> images, double threshold,
                                     std::size_t most_per_image) {
  std::vector<Ranked> ranked;
  // COCO lowers a threshold of 1 by this much, so that an exact copy can match.
  const double reachable = std::min(threshold, 1.0 - 1e-10);
  for (const DetectionCase& image : images) {
    match(image, reachable, most_per_image, ranked);
    if (image.truths > 0)
      truths_.push_back(
          {static_cast<std::uint32_t>(image.image), static_cast<std::uint32_t>(image.truths)});
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    return a.score != b.score ? a.score > b.score : a.entry.image < b.entry.image;
  });
  entries_.reserve(ranked.size());
  for (const Ranked& detection : ranked) entries_.push_back(detection.entry);
}

double MatchedDetections::truths(std::span<const double> weights) const {
  double sum = 0.0;
  for (const Truths& image : truths_)
    sum += (weights.empty() ? 1.0 : weights[image.image]) * image.count;
  return sum;
}

std::optional<double> coco_average_precision(const MatchedDetections& detections,
                                             std::span<const double> weights) {
  const double truths = detections.truths(weights);
  if (truths <= 0.0) return std::nullopt;
  struct Step {
    double recall = 0.0;
    double precision = 0.0;
  };
  // Recall rises at matched detections alone, and there precision is highest.
  std::vector<Step> curve;
  double found = 0.0;
  double wrong = 0.0;
  for (const MatchedDetections::Entry& entry : detections.entries()) {
    const double weight = weights.empty() ? 1.0 : weights[entry.image];
    (entry.matched ? found : wrong) += weight;
    if (entry.matched && weight > 0.0) curve.push_back({found / truths, found / (found + wrong)});
  }
  for (std::size_t i = curve.size(); i-- > 1;)
    curve[i - 1].precision = std::max(curve[i - 1].precision, curve[i].precision);
  double sum = 0.0;
  auto step = curve.begin();
  for (int i = 0; i <= kRecalls; ++i) {
    const double recall = kRecallStep * i;
    while (step != curve.end() && step->recall < recall) ++step;
    if (step == curve.end()) break;
    sum += step->precision;
  }
  return sum / (kRecalls + 1);
}

}  // namespace chestmap
