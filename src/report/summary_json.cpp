#include "report/parsed_run.h"
#include "report/report.h"

namespace chestmap {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kMeasures[] = {"pointing", "iou.0.1", "iou.0.3", "iou.0.5"};

Json json_of(const std::optional<Measured>& measured) {
  if (!measured) return nullptr;
  const auto end = [](const std::optional<double>& value) { return value ? Json(*value) : Json(); };
  return {{"value", measured->value}, {"low", end(measured->low)}, {"high", end(measured->high)}};
}

void add_localization(Json& json, const ScoreRow* row) {
  for (const char* measure : kMeasures)
    json[measure] = row == nullptr ? Json() : json_of(row->get(measure));
}

Json means_of(const MethodRows* method, const char* name) {
  Json json = Json::object();
  add_localization(json, method == nullptr ? nullptr : method->row(name));
  return json;
}

Json findings_of(const RunScores& scores) {
  const MethodRows* method = scores.first_method();
  Json findings = Json::object();
  const ClassifierRows* classifier = scores.first_classifier();
  const std::vector<ClassificationRow> none;
  for (const ClassificationRow& row : classifier == nullptr ? none : classifier->findings) {
    Json& json = findings[row.scores.finding];
    json["auroc"] = json_of(row.scores.get("auroc"));
    add_localization(json, method == nullptr ? nullptr : method->row(row.scores.finding));
  }
  if (method == nullptr) return findings;
  for (const ScoreRow& row : method->findings)
    if (!findings.contains(row.finding)) {
      findings[row.finding]["auroc"] = nullptr;
      add_localization(findings[row.finding], &row);
    }
  return findings;
}

Json relevance_of(const std::optional<Relevance>& relevance) {
  if (!relevance) return nullptr;
  Json findings = Json::object();
  for (std::size_t f = 0; f < relevance->findings.size(); ++f) {
    Json values = Json::array();
    for (const std::optional<double>& value : relevance->values[f])
      values.push_back(value ? Json(*value) : Json());
    findings[relevance->findings[f]] = std::move(values);
  }
  return {{"epoch", relevance->epoch}, {"stages", relevance->stages}, {"findings", findings}};
}

Json run_of(const ParsedRun& run) {
  const RunScores& scores = run.scores;
  const MethodRows* method = scores.first_method();
  return {{"name", run.run->name},
          {"method", method == nullptr ? Json() : Json(method->method)},
          {"data",
           {{"name", scores.data},
            {"split", scores.split},
            {"images", scores.images},
            {"patients", scores.patients},
            {"boxed_images", scores.boxed_images},
            {"boxes", scores.boxes}}},
          {"mean_auroc", json_of(scores.mean_auroc())},
          {"findings", findings_of(scores)},
          {"mean", means_of(method, "mean")},
          {"mean_without_cardiomegaly", means_of(method, "mean_without_cardiomegaly")},
          {"relevance", relevance_of(run.relevance)}};
}

}  // namespace

nlohmann::ordered_json summary_json(const ReportInput& input) {
  Json runs = Json::array();
  for (const ParsedRun& run : parse_runs(input)) runs.push_back(run_of(run));
  return {{"format", "chestmap-report-summary"},
          {"format_version", 1},
          {"program", input.program},
          {"title", input.title},
          {"notice", input.notice},
          {"runs", std::move(runs)}};
}

}  // namespace chestmap
