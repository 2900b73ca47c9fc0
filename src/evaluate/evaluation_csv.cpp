#include "evaluate/evaluation_csv.h"

#include <fmt/format.h>

#include <cmath>

#include "base/csv.h"
#include "evaluate/oracle.h"

namespace chestmap {

namespace {

std::string number(double value) { return fmt::format("{:.6f}", value); }

template <typename T>
std::string text_or_empty(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : std::string();
}

std::string flag_or_empty(const std::optional<bool>& value) {
  if (!value) return {};
  return *value ? "1" : "0";
}

std::string rows_of(const std::string& method, const std::string& stratum,
                    const std::string& finding, const std::vector<MeasureValue>& values) {
  std::string rows;
  for (const MeasureValue& value : values) {
    std::vector<std::string> fields = {method, stratum, finding, value.measure};
    fields.resize(9);
    if (value.estimate) {
      fields[4] = number(value.estimate->value);
      if (const auto& interval = value.estimate->interval) {
        fields[5] = number(interval->low);
        fields[6] = number(interval->high);
      }
      if (const auto& interval = value.estimate->bca) {
        fields[7] = number(interval->low);
        fields[8] = number(interval->high);
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
    for (std::size_t finding = 0; finding < predictions.findings.size(); ++finding) {
      const float probability = predictions.probability(row, finding);
      fields.push_back(probability == kNotPredicted ? "" : fmt::format("{}", probability));
    }
    csv += csv_line(fields);
  }
  return csv;
}

std::string summary_csv(const Evaluation& evaluation) {
  std::string csv = "method,stratum,finding,measure,value,low,high,bca_low,bca_high\n";
  for (const ClassifierScores& classifier : evaluation.classification) {
    const std::string name = marked(evaluation, classifier.classifier);
    for (const ClassificationScores& scores : classifier.findings)
      csv += rows_of(name, "", scores.finding, scores.measures);
    csv += rows_of(name, "", "mean", classifier.mean);
    csv += rows_of(name, "", "mean_without_cardiomegaly", classifier.mean_without_cardiomegaly);
  }
  for (const MethodScores& method : evaluation.localization) {
    const std::string name = marked(evaluation, method.method);
    for (const LocalizationScores& scores : method.findings)
      csv += rows_of(name, "", scores.finding, scores.measures);
    csv += rows_of(name, "", "mean", method.mean);
    csv += rows_of(name, "", "mean_without_cardiomegaly", method.mean_without_cardiomegaly);
  }
  for (const StratumScores& stratum : evaluation.strata) {
    const std::string name = marked(evaluation, stratum.subject);
    const std::string part = stratum.by + "=" + stratum.stratum;
    for (const StratumScores::Row& row : stratum.findings)
      csv += rows_of(name, part, row.finding, row.measures);
    csv += rows_of(name, part, "mean", stratum.mean);
    csv += rows_of(name, part, "pooled", stratum.pooled);
  }
  return csv;
}

std::string per_image_csv(const Dataset& dataset, const Evaluation& evaluation) {
  std::string csv =
      "method,image,patient,finding,label,probability,boxes,detected,best_iou,pointing,mask_iou\n";
  for (const ImageScores& scores : evaluation.per_image) {
    const Record& record = dataset.records[scores.record];
    csv += csv_line(std::vector<std::string>{
        marked(evaluation, scores.subject), record.image, record.patient, scores.finding,
        flag_or_empty(scores.label), text_or_empty(scores.probability), text_or_empty(scores.boxes),
        text_or_empty(scores.detected), scores.best_iou ? number(*scores.best_iou) : "",
        flag_or_empty(scores.pointing), scores.mask_iou ? number(*scores.mask_iou) : ""});
  }
  return csv;
}

std::string per_resample_csv(const Evaluation& evaluation) {
  std::vector<std::string> fields = {"resample"};
  for (const ResampledMeasure& column : evaluation.resampled)
    fields.push_back(fmt::format("{}|{}|{}", marked(evaluation, column.subject), column.finding,
                                 column.measure));
  std::string csv = csv_line(fields);
  for (std::size_t i = 0; i < evaluation.bootstrap.resamples; ++i) {
    csv += fmt::format("{}", i + 1);
    for (const ResampledMeasure& column : evaluation.resampled) {
      const bool defined = i < column.values.size() && !std::isnan(column.values[i]);
      csv += ',';
      if (defined) csv += number(column.values[i]);
    }
    csv += '\n';
  }
  return csv;
}

}  // namespace chestmap
