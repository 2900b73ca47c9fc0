#pragma once

#include <span>

#include "weights/model_spec.h"

namespace chestmap {

/// The probability of a finding with this logit: calibrated where the model is, else the logit's
/// sigmoid.
[[nodiscard]] double probability_of(const ModelSpec& spec, std::size_t finding, double logit);

/// A logit of a finding, or a value of its map, on the calibrated scale: slope * logit + intercept
/// under temperature and Platt scaling. An isotonic curve has plateaus, on which maps would lose
/// their peaks, so that it calibrates the probability alone and this gives `logit` back.
[[nodiscard]] double calibrated_logit(const ModelSpec& spec, std::size_t finding, double logit);

/// The same for every value of a map.
void calibrate_logits(const ModelSpec& spec, std::size_t finding, std::span<float> logits);

/// The value on the scale of `calibrated_logit` at which the probability reaches the finding's
/// threshold, 0.5 where it has none. Infinite where no value does.
[[nodiscard]] double threshold_logit(const ModelSpec& spec, std::size_t finding);

/// Whether a finding of this probability counts as seen. Compared in single precision, in which
/// probabilities are written and thresholds fitted.
[[nodiscard]] bool is_seen(double probability, double threshold) noexcept;

}  // namespace chestmap
