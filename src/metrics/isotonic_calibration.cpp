#include "metrics/isotonic_calibration.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace chestmap {

namespace {

/// Scores from `first` to `last` that share one value, the share of positives among their images.
struct Block {
  double first = 0.0;
  double last = 0.0;
  double positives = 0.0;
  double images = 0.0;

  [[nodiscard]] double value() const { return positives / images; }
};

std::vector<Block> blocks_of(std::span<const ScoredLabel> images) {
  const Ranking ranking(images);
  std::vector<Block> groups;
  ranking.visit_scores({}, [&](double score, double positives, double negatives) {
    groups.push_back({score, score, positives, positives + negatives});
  });
  std::vector<Block> blocks;
  for (auto group = groups.rbegin(); group != groups.rend(); ++group) {
    blocks.push_back(*group);
    while (blocks.size() > 1 && blocks[blocks.size() - 2].value() >= blocks.back().value()) {
      const Block pooled = blocks.back();
      blocks.pop_back();
      blocks.back().last = pooled.last;
      blocks.back().positives += pooled.positives;
      blocks.back().images += pooled.images;
    }
  }
  return blocks;
}

}  // namespace

IsotonicCalibration fit_isotonic(std::span<const ScoredLabel> images) {
  IsotonicCalibration fit;
  for (const Block& block : blocks_of(images)) {
    fit.knots.push_back({block.first, block.value()});
    if (block.last > block.first) fit.knots.push_back({block.last, block.value()});
  }
  return fit;
}

double IsotonicCalibration::probability(double score) const noexcept {
  if (knots.empty()) return score;
  const auto above = std::lower_bound(knots.begin(), knots.end(), score,
                                      [](const Knot& knot, double at) { return knot.score < at; });
  if (above == knots.begin()) return knots.front().probability;
  if (above == knots.end()) return knots.back().probability;
  const Knot& below = *(above - 1);
  return std::lerp(below.probability, above->probability,
                   (score - below.score) / (above->score - below.score));
}

}  // namespace chestmap
