#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/predictions.h"
#include "metrics/bootstrap.h"
#include "metrics/roc_curve.h"

namespace chestmap {

/// A measure of the registry (metrics/measures.h) by its name; no estimate where it is undefined.
struct MeasureValue {
  std::string measure;
  std::optional<Estimate> estimate;
};

struct ClassificationScores {
  std::string finding;
  std::size_t positives = 0;
  std::size_t negatives = 0;  ///< images of unknown label are in neither
  std::vector<MeasureValue> measures;
  std::vector<RocPoint> roc;
};

struct LocalizationScores {
  std::string finding;
  std::size_t boxes = 0;
  std::vector<MeasureValue> measures;
};

struct MethodScores {
  std::string method;
  bool is_control = false;
  bool uses_boxes = false;
  std::vector<LocalizationScores> findings;  ///< those that have boxes
  std::vector<MeasureValue> mean;            ///< over `findings`
  /// Cardiomegaly's large, central boxes carry the mean at high thresholds.
  std::vector<MeasureValue> mean_without_cardiomegaly;
};

/// The first method's value less another's, over the same resamples.
struct Comparison {
  std::string a;
  std::string b;
  std::string finding;  ///< or "mean", "mean_without_cardiomegaly"
  std::string measure;
  std::optional<Estimate> difference;  ///< a - b
};

struct Evaluation {
  std::string program;  ///< name and version of what made it
  std::string data;     ///< the data set's name
  std::string split;
  std::size_t images = 0;
  std::size_t patients = 0;
  std::size_t boxed_images = 0;
  std::size_t boxes = 0;  ///< on those images, of all findings
  BootstrapOptions bootstrap;
  /// Why figures of this evaluation are those of an oracle: what was fitted on the very images that
  /// are scored. Every output says so.
  std::vector<std::string> oracle;
  std::vector<ClassificationScores> classification;
  std::vector<MeasureValue> classification_mean;  ///< over the findings where it is defined
  std::vector<MethodScores> localization;
  std::vector<Comparison> comparisons;
};

struct EvaluationOptions {
  std::string split = "test";
  std::string program = "chestmap";
  BootstrapOptions bootstrap;
  std::size_t roc_points = 200;
  std::vector<std::string> oracle;  ///< as in `Evaluation`
};

/// Scores probabilities against image-level labels, and methods against boxes.
///
/// `boxed` lists the records that localization is scored on, in the order of the methods' results.
/// Findings are joined by name; those of the predictions that the data set does not label are left
/// out. Resamples are drawn from the patients of all images, predicted or boxed; an image whose
/// patient is not known counts as a patient of its own. Every method that is no control is compared
/// with the first such one.
///
/// Throws UserError where no finding is shared or a probability is no number, and
/// std::invalid_argument where sizes disagree.
[[nodiscard]] Evaluation evaluate(const Dataset& dataset, const Predictions& predictions,
                                  std::span<const std::size_t> boxed,
                                  std::span<const LocalizationMethod> methods,
                                  const EvaluationOptions& options);

}  // namespace chestmap
