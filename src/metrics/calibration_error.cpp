#include "metrics/calibration_error.h"

#include <cmath>

namespace chestmap {

namespace {

constexpr std::size_t kBins = 10;

}  // namespace

std::vector<ReliabilityBin> reliability_diagram(const Ranking& ranking, std::size_t bins,
                                                std::span<const double> weights) {
  if (!ranking.holds_probabilities() || bins == 0) return {};
  std::vector<ReliabilityBin> diagram(bins);
  for (std::size_t i = 0; i < bins; ++i) {
    diagram[i].low = static_cast<double>(i) / static_cast<double>(bins);
    diagram[i].high = static_cast<double>(i + 1) / static_cast<double>(bins);
  }
  // Scores fall, and the bins with them.
  std::size_t bin = bins - 1;
  ranking.visit_scores(weights, [&](double probability, double positives, double negatives) {
    while (bin > 0 && probability <= diagram[bin].low) --bin;
    diagram[bin].weight += positives + negatives;
    diagram[bin].mean_probability += probability * (positives + negatives);
    diagram[bin].positive_share += positives;
  });
  for (ReliabilityBin& filled : diagram) {
    if (filled.weight <= 0.0) continue;
    filled.mean_probability /= filled.weight;
    filled.positive_share /= filled.weight;
  }
  return diagram;
}

std::optional<double> expected_calibration_error(const Ranking& ranking,
                                                 std::span<const double> weights) {
  double sum = 0.0;
  double images = 0.0;
  for (const ReliabilityBin& bin : reliability_diagram(ranking, kBins, weights)) {
    sum += bin.weight * std::abs(bin.mean_probability - bin.positive_share);
    images += bin.weight;
  }
  if (images <= 0.0) return std::nullopt;
  return sum / images;
}

}  // namespace chestmap
