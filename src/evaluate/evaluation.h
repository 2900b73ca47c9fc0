#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/predictions.h"
#include "metrics/bootstrap.h"
#include "metrics/calibration_error.h"
#include "metrics/froc.h"
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
  double threshold = 0.5;     ///< of the measures that take one
  std::vector<MeasureValue> measures;
  std::vector<RocPoint> roc;
  std::vector<ReliabilityBin> reliability;
};

struct ClassifierScores {
  std::string classifier;
  std::vector<ClassificationScores> findings;
  std::vector<MeasureValue> mean;  ///< over the findings where it is defined
  std::vector<MeasureValue> mean_without_cardiomegaly;
};

struct LocalizationScores {
  std::string finding;
  std::size_t boxes = 0;
  std::size_t masks = 0;    ///< images with a mask
  std::size_t normals = 0;  ///< images without the finding, that count false positives
  std::vector<MeasureValue> measures;
  std::vector<FrocPoint> froc;
};

struct MethodScores {
  std::string method;
  bool is_control = false;
  bool uses_boxes = false;
  std::vector<LocalizationScores> findings;  ///< those that have boxes or masks
  std::vector<MeasureValue> mean;            ///< over `findings`
  /// Cardiomegaly's large, central boxes carry the mean at high thresholds.
  std::vector<MeasureValue> mean_without_cardiomegaly;
};

/// Some measures of one classifier or method on a part of the images or of the boxes.
struct StratumScores {
  struct Row {
    std::string finding;
    std::size_t count = 0;  ///< positive images; boxes of a method
    std::vector<MeasureValue> measures;
  };
  std::string subject;      ///< of the classifier or method
  bool classifies = false;  ///< a classifier's; else a method's
  std::string by;           ///< "view", "sex", "age", "size"
  std::string stratum;      ///< "PA", "small", ...
  std::size_t images = 0;   ///< in the stratum; by size, all
  std::vector<Row> findings;
  std::vector<MeasureValue> mean;  ///< over the findings where it is defined
  /// Over the boxes of all findings together; empty of a classifier.
  std::vector<MeasureValue> pooled;
};

/// The first subject's value less another's, over the same resamples.
struct Comparison {
  std::string a;
  std::string b;
  std::string finding;  ///< or "mean", "mean_without_cardiomegaly"
  std::string measure;
  std::optional<Estimate> difference;   ///< a - b
  std::optional<double> p;              ///< two-sided, from the resamples
  std::optional<double> p_holm;         ///< adjusted over the findings; nothing of a mean
  std::optional<double> p_delong;       ///< of "auroc"
  std::optional<double> p_delong_holm;  ///< the same, adjusted
};

/// A statistic's value in each resample; NaN where it is undefined.
struct ResampledMeasure {
  std::string subject;
  std::string finding;
  std::string measure;
  std::vector<double> values;
};

/// What one subject did on one image for one finding. What does not apply is empty.
struct ImageScores {
  std::string subject;
  std::size_t record = 0;
  std::string finding;
  std::optional<bool> label;
  std::optional<double> probability;
  std::optional<std::size_t> boxes;     ///< radiologists'
  std::optional<std::size_t> detected;  ///< boxes
  std::optional<double> best_iou;       ///< mean over the boxes of the best IoU
  std::optional<bool> pointing;
  std::optional<double> mask_iou;
};

struct Evaluation {
  std::string program;  ///< name and version of what made it
  std::string data;     ///< the data set's name
  std::string split;
  std::string fingerprint;  ///< of the split's images (data/split.h)
  std::size_t images = 0;
  std::size_t patients = 0;
  std::size_t boxed_images = 0;
  std::size_t boxes = 0;  ///< on those images, of all findings
  std::size_t masks = 0;
  BootstrapOptions bootstrap;
  /// Why figures of this evaluation are those of an oracle: what was fitted on the very images that
  /// are scored. Every output says so.
  std::vector<std::string> oracle;
  std::vector<std::string> not_computed;  ///< what could not be, and why
  std::vector<double> size_limits;        ///< of the size strata: box area over the frame's
  std::vector<ClassifierScores> classification;
  std::vector<MethodScores> localization;
  std::vector<StratumScores> strata;
  std::vector<Comparison> comparisons;
  std::vector<ResampledMeasure> resampled;
  std::vector<ImageScores> per_image;
};

/// What is scored: classifiers against image-level labels, methods against boxes and masks.
struct Subjects {
  std::vector<Classifier> classifiers;
  FindingList findings;                ///< of the methods' results
  std::vector<std::size_t> localized;  ///< records that the methods' results are on
  std::vector<LocalizationMethod> methods;
};

struct EvaluationOptions {
  std::string split = "test";
  std::string program = "chestmap";
  std::string fingerprint;
  BootstrapOptions bootstrap;
  std::size_t roc_points = 200;
  bool per_image = false;           ///< fill in `Evaluation::per_image`
  bool keep_resamples = false;      ///< fill in `Evaluation::resampled`
  bool compare_everything = false;  ///< else pointing game and T(IoU) .3 alone, and the AUROC
  std::vector<std::string> oracle;
  std::vector<std::string> not_computed;
};

/// Scores every subject. Findings are joined by name; those that the data set does not label are
/// left out.
///
/// Measures by box and the pointing game are over the localized images that have a box, measures by
/// mask over those that have a mask of the finding, free-response measures over those that have a
/// box of the finding and those whose label says that it is absent. Resamples are drawn from the
/// patients of all images; an image whose patient is not known counts as a patient of its own.
/// Every classifier, and every method that is no control, is compared with the first.
///
/// Throws UserError where no finding is shared or a probability is no number, and
/// std::invalid_argument where sizes disagree.
[[nodiscard]] Evaluation evaluate(const Dataset& dataset, const Subjects& subjects,
                                  const EvaluationOptions& options);

/// One classifier, named "classifier", and methods on boxed images.
[[nodiscard]] Evaluation evaluate(const Dataset& dataset, const Predictions& predictions,
                                  std::span<const std::size_t> boxed,
                                  std::span<const LocalizationMethod> methods,
                                  const EvaluationOptions& options);

}  // namespace chestmap
