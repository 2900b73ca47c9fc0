#include "evaluate/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>
#include <string_view>

#include "evaluate/joined.h"
#include "metrics/measures.h"
#include "metrics/ratio.h"

namespace chestmap {

namespace {

constexpr std::string_view kCardiomegaly = "Cardiomegaly";
constexpr std::array<std::string_view, 2> kComparedMeasures = {"pointing", "iou.0.3"};

/// All measures of one finding, or of a mean over findings.
struct Row {
  std::string finding;
  std::vector<Bootstrapped> measures;
};

/// Takes the statistics back from `bootstrap` in the order in which they were given.
class Results {
 public:
  explicit Results(std::vector<Bootstrapped> results) : results_(std::move(results)) {}
  [[nodiscard]] std::vector<Bootstrapped> take(std::size_t count) {
    const auto first = results_.begin() + static_cast<std::ptrdiff_t>(next_);
    next_ += count;
    return {std::make_move_iterator(first),
            std::make_move_iterator(first + static_cast<std::ptrdiff_t>(count))};
  }

 private:
  std::vector<Bootstrapped> results_;
  std::size_t next_ = 0;
};

Row mean_row(std::string name, std::span<const Row* const> rows, std::size_t measures) {
  Row mean{std::move(name), {}};
  for (std::size_t m = 0; m < measures; ++m) {
    std::vector<Bootstrapped> column;
    column.reserve(rows.size());
    for (const Row* row : rows) column.push_back(row->measures[m]);
    mean.measures.push_back(mean_of(column));
  }
  return mean;
}

template <typename Measure>
std::vector<MeasureValue> values_of(const Row& row, const std::vector<Measure>& measures) {
  std::vector<MeasureValue> values;
  values.reserve(measures.size());
  for (std::size_t m = 0; m < measures.size(); ++m)
    values.push_back({measures[m].name, estimate_of(row.measures[m])});
  return values;
}

/// The run of one evaluation: statistics are gathered from classifier and methods, bootstrapped
/// together and handed back in the same order.
class Evaluator {
 public:
  Evaluator(const Joined& joined, std::span<const LocalizationMethod> methods,
            std::size_t predicted_findings)
      : joined_(joined), methods_(methods), predicted_findings_(predicted_findings) {
    for (const JoinedFinding& finding : joined.findings())
      rankings_.push_back(joined.ranking(finding));
    for (std::size_t f = 0; f < joined.findings().size(); ++f)
      if (joined.boxes_of(f) > 0) boxed_findings_.push_back(f);
  }

  void run(const EvaluationOptions& options, Evaluation& evaluation) {
    const std::vector<std::string> patients = joined_.patients();
    const PatientResamples resamples(patients, options.bootstrap);
    evaluation.patients = resamples.patients();
    std::vector<Statistic> statistics;
    add_classification(statistics);
    for (const LocalizationMethod& method : methods_) add_localization(method, statistics);
    Results results(bootstrap(resamples, statistics));
    report_classification(results, options.roc_points, evaluation);
    report_localization(results, evaluation);
  }

 private:
  void add_classification(std::vector<Statistic>& statistics) const {
    for (const Ranking& ranking : rankings_)
      for (const ClassificationMeasure& measure : classification_)
        statistics.emplace_back([&ranking, &measure](std::span<const double> weights) {
          return measure.value(ranking, weights);
        });
  }

  void add_localization(const LocalizationMethod& method,
                        std::vector<Statistic>& statistics) const {
    for (const std::size_t finding : boxed_findings_)
      for (const LocalizationMeasure& measure : localization_)
        statistics.emplace_back(
            [ratio = ratio_of(method, finding, measure)](std::span<const double> weights) {
              return ratio.value(weights);
            });
  }

  [[nodiscard]] RatioOfSums ratio_of(const LocalizationMethod& method, std::size_t finding,
                                     const LocalizationMeasure& measure) const {
    RatioOfSums ratio;
    for (std::size_t i = 0; i < joined_.boxed().size(); ++i) {
      const BoxedImage& image = joined_.boxed()[i];
      const FindingLocalization& result =
          method.results[i * predicted_findings_ + joined_.findings()[finding].predicted];
      ratio.add(image.image,
                measure.share({image.truth[finding], result.boxes, result.peak, image.boxes}));
    }
    return ratio;
  }

  void report_classification(Results& results, std::size_t roc_points,
                             Evaluation& evaluation) const {
    std::vector<Row> rows;
    std::vector<const Row*> all;
    rows.reserve(rankings_.size());
    all.reserve(rankings_.size());
    for (std::size_t f = 0; f < rankings_.size(); ++f) {
      rows.push_back({joined_.findings()[f].name, results.take(classification_.size())});
      evaluation.classification.push_back(
          {rows.back().finding, rankings_[f].positives(), rankings_[f].negatives(),
           values_of(rows.back(), classification_), roc_curve(rankings_[f], roc_points)});
    }
    for (const Row& row : rows) all.push_back(&row);
    evaluation.classification_mean =
        values_of(mean_row("mean", all, classification_.size()), classification_);
  }

  /// The findings' rows, then their mean and their mean without Cardiomegaly.
  [[nodiscard]] std::vector<Row> rows_of_method(Results& results) const {
    std::vector<Row> rows;
    for (const std::size_t finding : boxed_findings_)
      rows.push_back({joined_.findings()[finding].name, results.take(localization_.size())});
    std::vector<const Row*> all;
    std::vector<const Row*> others;
    for (const Row& row : rows) {
      all.push_back(&row);
      if (row.finding != kCardiomegaly) others.push_back(&row);
    }
    Row mean = mean_row("mean", all, localization_.size());
    Row without = mean_row("mean_without_cardiomegaly", others, localization_.size());
    rows.push_back(std::move(mean));
    rows.push_back(std::move(without));
    return rows;
  }

  void report_localization(Results& results, Evaluation& evaluation) const {
    std::optional<std::vector<Row>> reference;
    std::string reference_name;
    for (const LocalizationMethod& method : methods_) {
      std::vector<Row> rows = rows_of_method(results);
      evaluation.localization.push_back(scores_of(method, rows));
      if (method.is_control) continue;
      if (reference) {
        compare(reference_name, *reference, method.name, rows, evaluation.comparisons);
      } else {
        reference = std::move(rows);
        reference_name = method.name;
      }
    }
  }

  [[nodiscard]] MethodScores scores_of(const LocalizationMethod& method,
                                       const std::vector<Row>& rows) const {
    MethodScores scores{method.name, method.is_control, method.uses_boxes, {}, {}, {}};
    for (std::size_t i = 0; i < boxed_findings_.size(); ++i)
      scores.findings.push_back({rows[i].finding, joined_.boxes_of(boxed_findings_[i]),
                                 values_of(rows[i], localization_)});
    scores.mean = values_of(rows[boxed_findings_.size()], localization_);
    scores.mean_without_cardiomegaly = values_of(rows[boxed_findings_.size() + 1], localization_);
    return scores;
  }

  void compare(const std::string& a_name, const std::vector<Row>& a, const std::string& b_name,
               const std::vector<Row>& b, std::vector<Comparison>& comparisons) const {
    for (const std::string_view compared : kComparedMeasures)
      for (std::size_t m = 0; m < localization_.size(); ++m) {
        if (localization_[m].name != compared) continue;
        for (std::size_t row = 0; row < a.size(); ++row)
          comparisons.push_back(
              {a_name, b_name, a[row].finding, localization_[m].name,
               estimate_of(difference_of(a[row].measures[m], b[row].measures[m]))});
      }
  }

  const Joined& joined_;
  std::span<const LocalizationMethod> methods_;
  std::size_t predicted_findings_;
  std::vector<ClassificationMeasure> classification_ = classification_measures();
  std::vector<LocalizationMeasure> localization_ = localization_measures();
  std::vector<Ranking> rankings_;
  std::vector<std::size_t> boxed_findings_;
};

}  // namespace

Evaluation evaluate(const Dataset& dataset, const Predictions& predictions,
                    std::span<const std::size_t> boxed, std::span<const LocalizationMethod> methods,
                    const EvaluationOptions& options) {
  for (const LocalizationMethod& method : methods)
    if (method.results.size() != boxed.size() * predictions.findings.size())
      throw std::invalid_argument(fmt::format("{}: {} results for {} boxed images and {} findings",
                                              method.name, method.results.size(), boxed.size(),
                                              predictions.findings.size()));
  const Joined joined(dataset, predictions, boxed);
  Evaluation evaluation;
  evaluation.program = options.program;
  evaluation.data = dataset.name;
  evaluation.split = options.split;
  evaluation.oracle = options.oracle;
  evaluation.images = joined.images();
  evaluation.bootstrap = options.bootstrap;
  for (const BoxedImage& image : joined.boxed()) {
    evaluation.boxed_images += image.boxes > 0 ? 1 : 0;
    evaluation.boxes += image.boxes;
  }
  Evaluator(joined, methods, predictions.findings.size()).run(options, evaluation);
  return evaluation;
}

}  // namespace chestmap
