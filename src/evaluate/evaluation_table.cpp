#include "evaluate/evaluation_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "evaluate/oracle.h"
#include "evaluate/strata_table.h"
#include "evaluate/table_text.h"

namespace chestmap {

namespace {

/// Columns that are shown where any row has the measure.
struct Column {
  const char* measure;
  const char* title;
};

const std::vector<Column>& classification_columns() {
  static const std::vector<Column> columns = {{"auroc", "AUROC"},
                                              {"average_precision", "average precision"},
                                              {"brier", "Brier score"},
                                              {"ece", "calibration error"}};
  return columns;
}

const std::vector<Column>& localization_columns() {
  static const std::vector<Column> columns = {
      {"pointing", "pointing game"}, {"iou.0.1", "T(IoU) .1"}, {"iou.0.3", "T(IoU) .3"},
      {"iou.0.5", "T(IoU) .5"},      {"wafroc", "wAFROC"},     {"mask_iou", "mIoU of masks"},
      {"hit_rate", "hit rate"}};
  return columns;
}

template <typename Rows>
std::vector<Column> shown(const std::vector<Column>& columns, const Rows& rows) {
  std::vector<Column> kept;
  for (const Column& column : columns)
    if (std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
          return find_measure(row.measures, column.measure) != nullptr;
        }))
      kept.push_back(column);
  return kept;
}

std::vector<std::string> titles_of(const std::vector<Column>& columns) {
  std::vector<std::string> titles;
  for (const Column& column : columns) titles.emplace_back(column.title);
  return titles;
}

std::vector<std::string> cells_of(const std::vector<MeasureValue>& values,
                                  const std::vector<Column>& columns) {
  std::vector<std::string> cells;
  for (const Column& column : columns) cells.push_back(measure_cell(values, column.measure));
  return cells;
}

/// The findings' rows, then the two means.
template <typename Scores, typename Count>
std::string rows_of(const Scores& scores, const std::vector<Column>& columns,
                    const char* count_title, const Count& count) {
  std::string text = table_line("finding", count_title, titles_of(columns));
  for (const auto& row : scores.findings)
    text += table_line(row.finding, fmt::format("{}", count(row)), cells_of(row.measures, columns));
  text += table_line("mean", "", cells_of(scores.mean, columns));
  return text + table_line("mean without Cardiomegaly", "",
                           cells_of(scores.mean_without_cardiomegaly, columns));
}

std::string classifier_table(const Evaluation& evaluation, const ClassifierScores& classifier) {
  return fmt::format("\n{}\n", marked(evaluation, classifier.classifier)) +
         rows_of(classifier, shown(classification_columns(), classifier.findings), "positive",
                 [](const ClassificationScores& row) { return row.positives; });
}

std::string method_table(const Evaluation& evaluation, const MethodScores& method) {
  std::string text = '\n' + marked(evaluation, method.method);
  if (method.is_control) text += " (control: never sees the image)";
  if (method.uses_boxes) text += " (uses radiologists' boxes)";
  const bool boxes = std::any_of(method.findings.begin(), method.findings.end(),
                                 [](const LocalizationScores& row) { return row.boxes > 0; });
  return text + '\n' +
         rows_of(method, shown(localization_columns(), method.findings), boxes ? "boxes" : "masks",
                 [boxes](const LocalizationScores& row) { return boxes ? row.boxes : row.masks; });
}

bool any_label(const Evaluation& evaluation) {
  return std::any_of(evaluation.classification.begin(), evaluation.classification.end(),
                     [](const ClassifierScores& classifier) {
                       return std::any_of(classifier.findings.begin(), classifier.findings.end(),
                                          [](const ClassificationScores& scores) {
                                            return scores.positives + scores.negatives > 0;
                                          });
                     });
}

std::string heading(const Evaluation& evaluation) {
  std::string text = fmt::format("{} split of {}: {} images of {} patients\n", evaluation.split,
                                 evaluation.data, evaluation.images, evaluation.patients);
  for (const std::string& reason : evaluation.oracle) text += "ORACLE: " + reason + '\n';
  return text;
}

}  // namespace

std::string to_table(const Evaluation& evaluation) {
  std::string text = heading(evaluation);
  if (any_label(evaluation)) {
    text += "\nClassification\n";
    for (const ClassifierScores& classifier : evaluation.classification)
      text += classifier_table(evaluation, classifier);
  }
  if (!evaluation.localization.empty())
    text += fmt::format("\nLocalization: {} boxes on {} images{}\n", evaluation.boxes,
                        evaluation.boxed_images,
                        evaluation.masks > 0 ? fmt::format(", {} masks", evaluation.masks) : "");
  for (const MethodScores& method : evaluation.localization)
    text += method_table(evaluation, method);
  text += strata_table(evaluation) + comparison_table(evaluation);
  if (!evaluation.not_computed.empty()) text += "\nNot computed\n";
  for (const std::string& what : evaluation.not_computed) text += "  " + what + '\n';
  return text + fmt::format("\nIntervals: 95%, {} resamples of patients. Research use only.\n",
                            evaluation.bootstrap.resamples);
}

}  // namespace chestmap
