#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace chestmap {

/// A measure's value with its 95% interval, where there is one.
struct Measured {
  double value = 0.0;
  std::optional<double> low;
  std::optional<double> high;
  std::optional<std::pair<double, double>> bca = std::nullopt;  ///< the BCa interval's ends

  friend bool operator==(const Measured&, const Measured&) = default;
};

/// Measures of one finding, or of a mean over findings.
struct ScoreRow {
  std::string finding;
  std::size_t boxes = 0;                        ///< 0 of a mean
  std::size_t masks = 0;                        ///< likewise: images with a mask
  std::size_t normal_images = 0;                ///< likewise: images that count false marks
  std::size_t count = 0;                        ///< of a stratum: positive images, or boxes
  std::vector<std::pair<double, double>> froc;  ///< false marks an image and lesion fraction
  /// By name; a threshold follows its measure: "pointing", "iou.0.3". Undefined ones are null.
  std::map<std::string, std::optional<Measured>> measures;

  /// Null as well where the evaluation has no such measure.
  [[nodiscard]] std::optional<Measured> get(const std::string& measure) const;
};

/// A bar of a reliability diagram.
struct ReliabilityPoint {
  double mean_probability = 0.0;
  double positive_share = 0.0;
  std::size_t images = 0;
};

struct ClassificationRow {
  std::size_t positives = 0;
  std::size_t negatives = 0;
  double threshold = 0.5;
  ScoreRow scores;
  std::vector<ReliabilityPoint> reliability;
  std::vector<std::pair<double, double>> roc;  ///< false and true positive rate
};

struct ClassifierRows {
  std::string classifier;
  std::vector<ClassificationRow> findings;
  ScoreRow mean;

  [[nodiscard]] const ClassificationRow* row(const std::string& finding) const;
};

struct MethodRows {
  std::string method;
  bool control = false;
  bool uses_boxes = false;
  std::vector<ScoreRow> findings;
  ScoreRow mean;
  ScoreRow mean_without_cardiomegaly;

  /// Null where the method has no boxes of the finding. "mean" and "mean_without_cardiomegaly" name
  /// the two means.
  [[nodiscard]] const ScoreRow* row(const std::string& finding) const;
};

/// Some measures of a classifier or method on a part of the images or boxes.
struct StratumRows {
  std::string subject;
  std::string of;  ///< "classification", "localization"
  std::string by;
  std::string stratum;
  std::size_t images = 0;
  std::vector<ScoreRow> findings;
  ScoreRow mean;
  ScoreRow pooled;
};

struct DifferenceRow {
  std::string a;
  std::string b;
  std::string finding;
  std::string measure;
  std::optional<Measured> difference;
  std::optional<double> p;
  std::optional<double> p_holm;
  std::optional<double> p_delong;
  std::optional<double> p_delong_holm;
};

/// An evaluation.json that was checked.
struct RunScores {
  std::string program;
  std::string data;
  std::string split;
  std::size_t images = 0;
  std::size_t patients = 0;
  std::size_t boxed_images = 0;
  std::size_t boxes = 0;
  std::size_t masks = 0;
  std::string fingerprint;
  std::vector<double> size_limits;
  std::vector<std::string> oracle;
  std::vector<std::string> not_computed;
  std::size_t resamples = 0;
  std::uint64_t seed = 0;
  std::string unit;
  std::string interval;
  std::vector<ClassifierRows> classifiers;
  std::vector<MethodRows> localization;
  std::vector<StratumRows> strata;
  std::vector<DifferenceRow> comparisons;

  /// The first method, which stands for the run; null where there is no localization.
  [[nodiscard]] const MethodRows* first_method() const;
  /// The first classifier, likewise.
  [[nodiscard]] const ClassifierRows* first_classifier() const;
  /// Of the first classifier; null where it has no such finding.
  [[nodiscard]] const ClassificationRow* classification_of(const std::string& finding) const;
  /// Of the first classifier; null where there is none.
  [[nodiscard]] std::optional<Measured> mean_auroc() const;
  [[nodiscard]] bool is_control(const std::string& subject) const;
};

/// Reads docs/evaluation-json.md's format. Throws UserError naming `origin` and the key, such as
/// "localization[0].findings.Nodule.pointing".
[[nodiscard]] RunScores parse_scores(const nlohmann::ordered_json& evaluation,
                                     const std::string& origin);

}  // namespace chestmap
