#include "metrics/logistic_calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

namespace chestmap {

namespace {

/// log(1 + exp(x)) without overflow.
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

double logistic(double x) {
  return x >= 0.0 ? 1.0 / (1.0 + std::exp(-x)) : std::exp(x) / (1.0 + std::exp(x));
}

/// Logits of both classes on a scale of their own, so that Newton's steps are well conditioned.
class Sample {
 public:
  explicit Sample(std::span<const ScoredLabel> images) : images_(images.begin(), images.end()) {
    double sum = 0.0;
    for (const ScoredLabel& image : images_) {
      if (!std::isfinite(image.score))
        throw std::invalid_argument("a logit to be calibrated is no finite number");
      double& bound = image.positive ? lowest_positive_ : highest_negative_;
      bound = image.positive ? std::min(bound, image.score) : std::max(bound, image.score);
      (image.positive ? positives_ : negatives_) += 1.0;
      sum += image.score;
    }
    mean_ = sum / size();
    double squares = 0.0;
    for (const ScoredLabel& image : images_)
      squares += (image.score - mean_) * (image.score - mean_);
    deviation_ = std::sqrt(squares / size());
  }

  [[nodiscard]] double size() const { return static_cast<double>(images_.size()); }
  [[nodiscard]] bool has_both_classes() const { return positives_ > 0.0 && negatives_ > 0.0; }
  /// Whether a threshold tells the classes apart, but for ties on it.
  [[nodiscard]] bool is_separated() const { return highest_negative_ <= lowest_positive_; }
  [[nodiscard]] double mean() const { return mean_; }
  [[nodiscard]] double deviation() const { return deviation_; }
  [[nodiscard]] const std::vector<ScoredLabel>& images() const { return images_; }

 private:
  std::vector<ScoredLabel> images_;
  double lowest_positive_ = std::numeric_limits<double>::infinity();
  double highest_negative_ = -std::numeric_limits<double>::infinity();
  double positives_ = 0.0;
  double negatives_ = 0.0;
  double mean_ = 0.0;
  double deviation_ = 0.0;
};

/// The mean negative log likelihood of slope and offset, its gradient and its second derivatives.
struct Loss {
  double value = 0.0;
  double by_slope = 0.0;
  double by_offset = 0.0;
  double slope_slope = 0.0;
  double slope_offset = 0.0;
  double offset_offset = 0.0;
};

/// Logits are taken as (logit - centre) / scale.
Loss loss_at(const Sample& sample, double centre, double scale, double slope, double offset) {
  Loss loss;
  for (const ScoredLabel& image : sample.images()) {
    const double x = (image.score - centre) / scale;
    const double logit = slope * x + offset;
    loss.value += softplus(image.positive ? -logit : logit);
    const double probability = logistic(logit);
    const double residual = probability - (image.positive ? 1.0 : 0.0);
    const double curvature = probability * (1.0 - probability);
    loss.by_slope += residual * x;
    loss.by_offset += residual;
    loss.slope_slope += curvature * x * x;
    loss.slope_offset += curvature * x;
    loss.offset_offset += curvature;
  }
  for (double* part : {&loss.value, &loss.by_slope, &loss.by_offset, &loss.slope_slope,
                       &loss.slope_offset, &loss.offset_offset})
    *part /= sample.size();
  return loss;
}

/// Newton's method with the step halved until the loss falls. `with_offset` false keeps the offset
/// at 0.
LogisticCalibration minimise(const Sample& sample, double centre, double scale, bool with_offset) {
  constexpr int kMostSteps = 200;
  LogisticCalibration at{with_offset ? 0.0 : 1.0, 0.0};
  Loss loss = loss_at(sample, centre, scale, at.slope, at.offset);
  for (int step = 0; step < kMostSteps; ++step) {
    double slope_step = -loss.by_slope / loss.slope_slope;
    double offset_step = 0.0;
    if (with_offset) {
      const double determinant =
          loss.slope_slope * loss.offset_offset - loss.slope_offset * loss.slope_offset;
      slope_step =
          (loss.slope_offset * loss.by_offset - loss.offset_offset * loss.by_slope) / determinant;
      offset_step =
          (loss.slope_offset * loss.by_slope - loss.slope_slope * loss.by_offset) / determinant;
    }
    if (!std::isfinite(slope_step) || !std::isfinite(offset_step)) break;
    // What Newton's model of the loss promises. Below what a sum of losses can show, the step is
    // taken on trust, and is the last.
    const double fall = -(loss.by_slope * slope_step + loss.by_offset * offset_step) / 2.0;
    if (fall < 1e-13) return {at.slope + slope_step, at.offset + offset_step};
    double share = 1.0;
    Loss next;
    for (;; share /= 2.0) {
      next = loss_at(sample, centre, scale, at.slope + share * slope_step,
                     at.offset + share * offset_step);
      if (next.value < loss.value) break;
      if (share < 1e-6) return at;
    }
    at.slope += share * slope_step;
    at.offset += share * offset_step;
    loss = next;
  }
  return at;
}

}  // namespace

double LogisticCalibration::probability(double logit) const noexcept {
  return logistic(slope * logit + offset);
}

std::optional<LogisticCalibration> fit_platt(std::span<const ScoredLabel> logits) {
  const Sample sample(logits);
  if (!sample.has_both_classes() || sample.is_separated()) return std::nullopt;
  const LogisticCalibration scaled = minimise(sample, sample.mean(), sample.deviation(), true);
  const LogisticCalibration fit{scaled.slope / sample.deviation(),
                                scaled.offset - scaled.slope * sample.mean() / sample.deviation()};
  if (!(fit.slope > 0.0)) return std::nullopt;
  return fit;
}

std::optional<LogisticCalibration> fit_temperature(std::span<const ScoredLabel> logits) {
  const Sample sample(logits);
  if (!sample.has_both_classes()) return std::nullopt;
  double scale = 0.0;
  double agreement = 0.0;
  bool disagrees = false;
  for (const ScoredLabel& image : sample.images()) {
    const double signed_logit = image.positive ? image.score : -image.score;
    scale = std::max(scale, std::abs(signed_logit));
    agreement += signed_logit;
    disagrees = disagrees || signed_logit < 0.0;
  }
  // The loss falls from slope 0 on where the logits agree with the labels on the whole, and rises
  // again where one of them does not.
  if (!disagrees || !(agreement > 0.0)) return std::nullopt;
  const LogisticCalibration scaled = minimise(sample, 0.0, scale, false);
  return LogisticCalibration{scaled.slope / scale, 0.0};
}

}  // namespace chestmap
