#include "evaluate/evaluation_json.h"

#include <cmath>

namespace chestmap {

namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json json_of(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <>
Json json_of(const std::optional<Estimate>& estimate) {
  if (!estimate) return nullptr;
  Json json = {{"value", estimate->value}, {"low", nullptr}, {"high", nullptr}, {"bca", nullptr}};
  if (estimate->interval) {
    json["low"] = estimate->interval->low;
    json["high"] = estimate->interval->high;
  }
  if (estimate->bca) json["bca"] = {estimate->bca->low, estimate->bca->high};
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

double rounded(double value) { return std::round(value * 1e6) / 1e6; }

Json json_of(const std::vector<RocPoint>& curve) {
  Json json = Json::array();
  for (const RocPoint& point : curve)
    json.push_back({rounded(point.false_positive_rate), rounded(point.true_positive_rate)});
  return json;
}

Json json_of(const std::vector<FrocPoint>& curve) {
  Json json = Json::array();
  for (const FrocPoint& point : curve)
    json.push_back({rounded(point.false_marks_per_image), rounded(point.lesion_fraction)});
  return json;
}

Json json_of(const std::vector<ReliabilityBin>& bins) {
  Json json = Json::array();
  for (const ReliabilityBin& bin : bins)
    if (bin.weight > 0.0)
      json.push_back({{"mean_probability", rounded(bin.mean_probability)},
                      {"positive_share", rounded(bin.positive_share)},
                      {"images", static_cast<std::uint64_t>(std::llround(bin.weight))}});
  return json;
}

Json json_of(const ClassifierScores& classifier) {
  Json findings = Json::object();
  for (const ClassificationScores& scores : classifier.findings) {
    Json json = {{"positives", scores.positives},
                 {"negatives", scores.negatives},
                 {"threshold", scores.threshold}};
    add_measures(json, scores.measures);
    json["roc"] = json_of(scores.roc);
    json["reliability"] = json_of(scores.reliability);
    findings[scores.finding] = std::move(json);
  }
  return {{"classifier", classifier.classifier},
          {"findings", std::move(findings)},
          {"mean", json_of(classifier.mean)},
          {"mean_without_cardiomegaly", json_of(classifier.mean_without_cardiomegaly)}};
}

Json json_of(const MethodScores& method) {
  Json findings = Json::object();
  for (const LocalizationScores& scores : method.findings) {
    Json json = {
        {"boxes", scores.boxes}, {"masks", scores.masks}, {"normal_images", scores.normals}};
    add_measures(json, scores.measures);
    json["froc_curve"] = json_of(scores.froc);
    findings[scores.finding] = std::move(json);
  }
  return {{"method", method.method},
          {"control", method.is_control},
          {"uses_boxes", method.uses_boxes},
          {"findings", std::move(findings)},
          {"mean", json_of(method.mean)},
          {"mean_without_cardiomegaly", json_of(method.mean_without_cardiomegaly)}};
}

Json json_of(const StratumScores& stratum) {
  Json findings = Json::object();
  for (const StratumScores::Row& row : stratum.findings) {
    Json json = {{"count", row.count}};
    add_measures(json, row.measures);
    findings[row.finding] = std::move(json);
  }
  return {{"subject", stratum.subject},
          {"of", stratum.classifies ? "classification" : "localization"},
          {"by", stratum.by},
          {"stratum", stratum.stratum},
          {"images", stratum.images},
          {"findings", std::move(findings)},
          {"mean", json_of(stratum.mean)},
          {"pooled", json_of(stratum.pooled)}};
}

Json json_of(const Comparison& comparison) {
  return {{"a", comparison.a},
          {"b", comparison.b},
          {"finding", comparison.finding},
          {"measure", comparison.measure},
          {"difference", json_of(comparison.difference)},
          {"p", json_of(comparison.p)},
          {"p_holm", json_of(comparison.p_holm)},
          {"p_delong", json_of(comparison.p_delong)},
          {"p_delong_holm", json_of(comparison.p_delong_holm)}};
}

template <typename Scores>
Json list_of(const std::vector<Scores>& all) {
  Json list = Json::array();
  for (const Scores& scores : all) list.push_back(json_of(scores));
  return list;
}

}  // namespace

nlohmann::ordered_json to_json(const Evaluation& evaluation) {
  return {{"format", "chestmap-evaluation"},
          {"format_version", 2},
          {"program", evaluation.program},
          {"notice", "Research use only. Not for clinical decisions."},
          {"oracle", evaluation.oracle},
          {"data",
           {{"name", evaluation.data},
            {"split", evaluation.split},
            {"fingerprint", evaluation.fingerprint},
            {"images", evaluation.images},
            {"patients", evaluation.patients},
            {"boxed_images", evaluation.boxed_images},
            {"boxes", evaluation.boxes},
            {"masks", evaluation.masks},
            {"size_limits", evaluation.size_limits}}},
          {"bootstrap",
           {{"resamples", evaluation.bootstrap.resamples},
            {"seed", evaluation.bootstrap.seed},
            {"unit", "patient"},
            {"interval", "percentile 95%"},
            {"bca", "bias-corrected and accelerated 95%"}}},
          {"not_computed", evaluation.not_computed},
          {"classification", list_of(evaluation.classification)},
          {"localization", list_of(evaluation.localization)},
          {"strata", list_of(evaluation.strata)},
          {"comparisons", list_of(evaluation.comparisons)}};
}

}  // namespace chestmap
