#include "evaluate/evaluation_json.h"

#include <cmath>

namespace chestmap {

namespace {

using Json = nlohmann::ordered_json;

Json json_of(const std::optional<Estimate>& estimate) {
  if (!estimate) return nullptr;
  Json json = {{"value", estimate->value}, {"low", nullptr}, {"high", nullptr}};
  if (estimate->interval) {
    json["low"] = estimate->interval->low;
    json["high"] = estimate->interval->high;
  }
  return json;
}

/// "iou.0.3" goes to ["iou"]["0.3"].
void add_measures(Json& json, const std::vector<MeasureValue>& values) {
  for (const MeasureValue& value : values) {
    const std::size_t dot = value.measure.find('.');
    if (dot == std::string::npos)
      json[value.measure] = json_of(value.estimate);
    else
      json[value.measure.substr(0, dot)][value.measure.substr(dot + 1)] = json_of(value.estimate);
  }
}

Json json_of(const std::vector<MeasureValue>& values) {
  Json json = Json::object();
  add_measures(json, values);
  return json;
}

Json json_of(const std::vector<RocPoint>& curve) {
  const auto rounded = [](double rate) { return std::round(rate * 1e6) / 1e6; };
  Json json = Json::array();
  for (const RocPoint& point : curve)
    json.push_back({rounded(point.false_positive_rate), rounded(point.true_positive_rate)});
  return json;
}

Json classification_of(const Evaluation& evaluation) {
  Json findings = Json::object();
  for (const ClassificationScores& scores : evaluation.classification) {
    Json json = {{"positives", scores.positives}, {"negatives", scores.negatives}};
    add_measures(json, scores.measures);
    json["roc"] = json_of(scores.roc);
    findings[scores.finding] = std::move(json);
  }
  return {{"findings", std::move(findings)}, {"mean", json_of(evaluation.classification_mean)}};
}

Json json_of(const MethodScores& method) {
  Json findings = Json::object();
  for (const LocalizationScores& scores : method.findings) {
    Json json = {{"boxes", scores.boxes}};
    add_measures(json, scores.measures);
    findings[scores.finding] = std::move(json);
  }
  return {{"method", method.method},
          {"control", method.is_control},
          {"uses_boxes", method.uses_boxes},
          {"findings", std::move(findings)},
          {"mean", json_of(method.mean)},
          {"mean_without_cardiomegaly", json_of(method.mean_without_cardiomegaly)}};
}

Json json_of(const Comparison& comparison) {
  return {{"a", comparison.a},
          {"b", comparison.b},
          {"finding", comparison.finding},
          {"measure", comparison.measure},
          {"difference", json_of(comparison.difference)}};
}

}  // namespace

nlohmann::ordered_json to_json(const Evaluation& evaluation) {
  Json json = {{"format", "chestmap-evaluation"},
               {"format_version", 1},
               {"program", evaluation.program},
               {"notice", "Research use only. Not for clinical decisions."},
               {"data",
                {{"name", evaluation.data},
                 {"split", evaluation.split},
                 {"images", evaluation.images},
                 {"patients", evaluation.patients},
                 {"boxed_images", evaluation.boxed_images},
                 {"boxes", evaluation.boxes}}},
               {"bootstrap",
                {{"resamples", evaluation.bootstrap.resamples},
                 {"seed", evaluation.bootstrap.seed},
                 {"unit", "patient"},
                 {"interval", "percentile 95%"}}},
               {"classification", classification_of(evaluation)},
               {"localization", Json::array()},
               {"comparisons", Json::array()}};
  for (const MethodScores& method : evaluation.localization)
    json["localization"].push_back(json_of(method));
  for (const Comparison& comparison : evaluation.comparisons)
    json["comparisons"].push_back(json_of(comparison));
  return json;
}

}  // namespace chestmap
