#pragma once

#include <optional>
#include <span>

#include "metrics/ranking.h"

namespace chestmap {

/// Weights of the images by label and by decision: an image is called positive where its score is
/// at or above the threshold.
struct Confusion {
  double true_positives = 0.0;
  double false_positives = 0.0;
  double true_negatives = 0.0;
  double false_negatives = 0.0;
};
[[nodiscard]] Confusion confusion_at(const Ranking& ranking, double threshold,
                                     std::span<const double> weights = {});

// Nothing where the denominator is 0: without positives there is no sensitivity, without images
// that are called positive no positive predictive value.
//
// Example: of 10 positive images 8 and of 90 negative ones 9 are called positive. Sensitivity 8/10,
// specificity 81/90, positive predictive value 8/17, negative predictive value 81/83, F1
// 16 / (16 + 9 + 2).

/// Recall, true positive rate: TP / (TP + FN).
[[nodiscard]] std::optional<double> sensitivity(const Confusion& counts);
/// TN / (TN + FP).
[[nodiscard]] std::optional<double> specificity(const Confusion& counts);
/// Precision: TP / (TP + FP).
[[nodiscard]] std::optional<double> positive_predictive_value(const Confusion& counts);
/// TN / (TN + FN).
[[nodiscard]] std::optional<double> negative_predictive_value(const Confusion& counts);
/// 2 TP / (2 TP + FP + FN), the harmonic mean of sensitivity and positive predictive value; 0
/// where both are 0 (van Rijsbergen 1979).
[[nodiscard]] std::optional<double> f1_score(const Confusion& counts);

}  // namespace chestmap
