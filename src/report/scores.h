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

  friend bool operator==(const Measured&, const Measured&) = default;
};

/// Measures of one finding, or of a mean over findings.
struct ScoreRow {
  std::string finding;
  std::size_t boxes = 0;  ///< 0 of a mean
  /// By name; a threshold follows its measure: "pointing", "iou.0.3". Undefined ones are null.
  std::map<std::string, std::optional<Measured>> measures;

  /// Null as well where the evaluation has no such measure.
  [[nodiscard]] std::optional<Measured> get(const std::string& measure) const;
};

struct ClassificationRow {
  std::size_t positives = 0;
  std::size_t negatives = 0;
  ScoreRow scores;
  std::vector<std::pair<double, double>> roc;  ///< false and true positive rate
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

struct DifferenceRow {
  std::string a;
  std::string b;
  std::string finding;
  std::string measure;
  std::optional<Measured> difference;
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
  std::size_t resamples = 0;
  std::uint64_t seed = 0;
  std::string unit;
  std::string interval;
  std::vector<ClassificationRow> classification;
  ScoreRow classification_mean;
  std::vector<MethodRows> localization;
  std::vector<DifferenceRow> comparisons;

  /// The first method, which stands for the run; null where there is no localization.
  [[nodiscard]] const MethodRows* first_method() const;
  [[nodiscard]] const ClassificationRow* classification_of(const std::string& finding) const;
};

/// Reads docs/evaluation-json.md's format. Throws UserError naming `origin` and the key, such as
/// "localization[0].findings.Nodule.pointing".
[[nodiscard]] RunScores parse_scores(const nlohmann::ordered_json& evaluation,
                                     const std::string& origin);

}  // namespace chestmap
