#include "evaluate/evaluation_csv.h"

#include <fmt/format.h>

#include <array>

#include "base/csv.h"

namespace chestmap {

namespace {

std::string rows_of(const std::string& method, const std::string& finding,
                    const std::vector<MeasureValue>& values) {
  std::string rows;
  for (const MeasureValue& value : values) {
    std::array<std::string, 6> fields{method, finding, value.measure, {}, {}, {}};
    if (value.estimate) {
      fields[3] = fmt::format("{:.6f}", value.estimate->value);
      if (value.estimate->interval) {
        fields[4] = fmt::format("{:.6f}", value.estimate->interval->low);
        fields[5] = fmt::format("{:.6f}", value.estimate->interval->high);
      }
    }
    rows += csv_line(fields);
  }
  return rows;
}

}  // namespace

std::string predictions_csv(const Dataset& dataset, const Predictions& predictions) {
  std::vector<std::string> fields = {"image", "patient"};
  fields.insert(fields.end(), predictions.findings.names().begin(),
                predictions.findings.names().end());
  std::string csv = csv_line(fields);
  for (std::size_t row = 0; row < predictions.records.size(); ++row) {
    const Record& record = dataset.records[predictions.records[row]];
    fields = {record.image, record.patient};
    for (std::size_t finding = 0; finding < predictions.findings.size(); ++finding)
      fields.push_back(fmt::format("{}", predictions.probability(row, finding)));
    csv += csv_line(fields);
  }
  return csv;
}

std::string summary_csv(const Evaluation& evaluation) {
  std::string csv = "method,finding,measure,value,low,high\n";
  for (const ClassificationScores& scores : evaluation.classification)
    csv += rows_of("classifier", scores.finding, scores.measures);
  csv += rows_of("classifier", "mean", evaluation.classification_mean);
  for (const MethodScores& method : evaluation.localization) {
    for (const LocalizationScores& scores : method.findings)
      csv += rows_of(method.method, scores.finding, scores.measures);
    csv += rows_of(method.method, "mean", method.mean);
    csv += rows_of(method.method, "mean_without_cardiomegaly", method.mean_without_cardiomegaly);
  }
  return csv;
}

}  // namespace chestmap
