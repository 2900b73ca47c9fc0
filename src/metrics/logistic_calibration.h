#pragma once

#include <optional>
#include <span>

#include "metrics/ranking.h"

namespace chestmap {

/// Probability = 1 / (1 + exp(-(slope * logit + offset))).
struct LogisticCalibration {
  double slope = 1.0;
  double offset = 0.0;

  [[nodiscard]] double probability(double logit) const noexcept;
};

// Both fits minimise the mean negative log likelihood of the labels, which is convex, by Newton's
// method; the images' scores are logits. Nothing where no finite slope above 0 attains the
// minimum: where the logits separate the labels without error (it would be infinite), where they
// rank them no better than chance (0 or less), and without positives or negatives.

/// Platt scaling (Platt 1999) without his smoothed targets, i.e. logistic regression on the logit.
[[nodiscard]] std::optional<LogisticCalibration> fit_platt(std::span<const ScoredLabel> logits);
/// Temperature scaling (Guo et al. 2017): slope = 1 / temperature, offset 0.
[[nodiscard]] std::optional<LogisticCalibration> fit_temperature(
    std::span<const ScoredLabel> logits);

}  // namespace chestmap
