#include "metrics/coco_average_precision.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "metrics/gathered_sum.h"

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

/// A detection and, by bit, the thresholds at which it took a true region.
struct Ranked {
  double score = 0.0;
  std::uint32_t image = 0;
  std::uint32_t matched_at = 0;
};

void match(const DetectionCase& image, std::span<const double> thresholds, std::size_t most,
           std::vector<Ranked>& ranked) {
  std::vector<std::size_t> order(image.scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return image.scores[a] > image.scores[b]; });
  order.resize(std::min(order.size(), most));
  const std::size_t first = ranked.size();
  for (const std::size_t detection : order)
    ranked.push_back({image.scores[detection], static_cast<std::uint32_t>(image.image), 0});
  if (image.truths == 0) return;
  for (std::size_t t = 0; t < thresholds.size(); ++t) {
    std::vector<char> taken(image.truths, 0);
    for (std::size_t i = 0; i < order.size(); ++i) {
      const std::size_t region = region_for(image, order[i], thresholds[t], taken);
      if (region == kNone) continue;
      taken[region] = 1;
      ranked[first + i].matched_at |= 1U << t;
    }
  }
}

}  // namespace

MatchedDetections::MatchedDetections(std::span<const DetectionCase> images,
                                     std::span<const double> thresholds, std::size_t most_per_image)
    : matched_(thresholds.size()) {
  if (thresholds.size() > 32) throw std::invalid_argument("more than 32 overlap thresholds");
  // COCO lowers a threshold of 1 by this much, so that an exact copy can match.
  std::vector<double> reachable;
  for (const double threshold : thresholds) reachable.push_back(std::min(threshold, 1.0 - 1e-10));
  std::vector<Ranked> ranked;
  for (const DetectionCase& image : images) {
    match(image, reachable, most_per_image, ranked);
    if (image.truths > 0)
      truths_.push_back(
          {static_cast<std::uint32_t>(image.image), static_cast<std::uint32_t>(image.truths)});
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    return a.score != b.score ? a.score > b.score : a.image < b.image;
  });
  images_.reserve(ranked.size());
  for (const Ranked& detection : ranked) {
    for (std::size_t t = 0; t < thresholds.size(); ++t)
      if ((detection.matched_at >> t & 1U) != 0) matched_[t].push_back(turns_.size());
    if (detection.matched_at != 0) turns_.push_back(images_.size());
    images_.push_back(detection.image);
  }
}

std::vector<MatchedWeights> MatchedDetections::weighed(std::span<const double> weights) const {
  const auto weight_of = [&](std::uint32_t image) {
    return weights.empty() ? 1.0 : weights[image];
  };
  double truths = 0.0;
  for (const Truths& image : truths_) truths += weight_of(image.image) * image.count;
  // Precision changes unseen between two matches: only its value at each of them counts.
  std::vector<double> up_to_turn;
  up_to_turn.reserve(turns_.size());
  double all = 0.0;
  std::size_t at = 0;
  for (const std::size_t turn : turns_) {
    all += gathered_sum(std::span(images_).subspan(at, turn + 1 - at), weights);
    up_to_turn.push_back(all);
    at = turn + 1;
  }
  std::vector<MatchedWeights> of_thresholds;
  for (const std::vector<std::size_t>& matched : matched_) {
    MatchedWeights sums{truths, {}};
    double found = 0.0;
    for (const std::size_t turn : matched) {
      const double weight = weight_of(images_[turns_[turn]]);
      if (weight <= 0.0) continue;
      found += weight;
      sums.steps.push_back({found, up_to_turn[turn]});
    }
    of_thresholds.push_back(std::move(sums));
  }
  return of_thresholds;
}

std::optional<double> coco_average_precision(const MatchedWeights& detections) {
  if (detections.truths <= 0.0) return std::nullopt;
  const std::vector<MatchedWeights::Step>& steps = detections.steps;
  std::vector<double> precision(steps.size());
  double best = 0.0;
  for (std::size_t i = steps.size(); i-- > 0;)
    precision[i] = best = std::max(best, steps[i].matched / steps[i].all);
  double sum = 0.0;
  std::size_t step = 0;
  for (int i = 0; i <= kRecalls; ++i) {
    const double recall = kRecallStep * i;
    while (step < steps.size() && steps[step].matched / detections.truths < recall) ++step;
    if (step == steps.size()) break;
    sum += precision[step];
  }
  return sum / (kRecalls + 1);
}

}  // namespace chestmap
