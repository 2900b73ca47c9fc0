#include "report/scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"

namespace chestmap {

namespace {

using Json = nlohmann::ordered_json;

/// A value of the document that knows where it stands, so that an error can say so.
class Node {
 public:
  Node(const Json& json, std::string path, const std::string& origin)
      : json_(&json), path_(std::move(path)), origin_(&origin) {}

  [[nodiscard]] Node at(const std::string& key) const {
    require(json_->is_object(), "an object");
    const auto found = json_->find(key);
    const std::string path = path_.empty() ? key : path_ + "." + key;
    if (found == json_->end())
      throw UserError(fmt::format("{}: the key {} is missing", *origin_, path), kHint);
    return {*found, path, *origin_};
  }

  [[nodiscard]] std::vector<std::pair<std::string, Node>> members() const {
    require(json_->is_object(), "an object");
    std::vector<std::pair<std::string, Node>> members;
    for (const auto& [key, value] : json_->items())
      members.emplace_back(key, Node(value, path_ + "." + key, *origin_));
    return members;
  }

  [[nodiscard]] std::vector<Node> elements() const {
    require(json_->is_array(), "a list");
    std::vector<Node> elements;
    for (std::size_t i = 0; i < json_->size(); ++i)
      elements.emplace_back((*json_)[i], fmt::format("{}[{}]", path_, i), *origin_);
    return elements;
  }

  [[nodiscard]] std::string text() const {
    require(json_->is_string(), "a text");
    return json_->get<std::string>();
  }
  [[nodiscard]] bool flag() const {
    require(json_->is_boolean(), "true or false");
    return json_->get<bool>();
  }
  [[nodiscard]] double number() const {
    require(json_->is_number(), "a number");
    return json_->get<double>();
  }
  [[nodiscard]] std::uint64_t count() const {
    require(json_->is_number_unsigned() ||
                (json_->is_number_integer() && json_->get<std::int64_t>() >= 0),
            "a whole number from 0 on");
    return json_->get<std::uint64_t>();
  }
  [[nodiscard]] std::optional<double> number_or_null() const {
    require(json_->is_number() || json_->is_null(), "a number or null");
    return json_->is_null() ? std::nullopt : std::optional(json_->get<double>());
  }
  [[nodiscard]] std::optional<Measured> measured() const {
    if (json_->is_null()) return std::nullopt;
    Measured result{at("value").number(), at("low").number_or_null(), at("high").number_or_null(),
                    std::nullopt};
    if (json_->contains("bca") && !json_->at("bca").is_null())
      result.bca = at("bca").pair("the two ends of an interval");
    return result;
  }
  [[nodiscard]] std::pair<double, double> pair(const char* expected) const {
    const std::vector<Node> ends = elements();
    require(ends.size() == 2, expected);
    return {ends[0].number(), ends[1].number()};
  }
  [[nodiscard]] std::vector<std::pair<double, double>> pairs(const char* expected) const {
    std::vector<std::pair<double, double>> all;
    for (const Node& element : elements()) all.push_back(element.pair(expected));
    return all;
  }
  [[nodiscard]] std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const Node& element : elements()) all.push_back(element.text());
    return all;
  }
  /// A group of a measure's thresholds, and not the measure itself.
  [[nodiscard]] bool is_group() const { return json_->is_object() && !json_->contains("value"); }

  void require(bool right, const char* expected) const {
    if (!right)
      throw UserError(
          fmt::format("{}: {} is {}; {} was expected", *origin_,
                      path_.empty() ? "the document" : path_, json_->type_name(), expected),
          kHint);
  }

  static constexpr const char* kHint =
      "docs/evaluation-json.md describes the file that `chestmap evaluate` and `score` write";

 private:
  const Json* json_;
  std::string path_;
  const std::string* origin_;
};

/// What stands beside the measures of a row.
bool is_measure(const std::string& key) {
  static const std::set<std::string> others = {
      "positives", "negatives", "threshold",     "roc",        "reliability",
      "boxes",     "masks",     "normal_images", "froc_curve", "count"};
  return !others.contains(key);
}

void add_measures(ScoreRow& row, const Node& node, const std::string& prefix) {
  for (const auto& [key, value] : node.members()) {
    if (prefix.empty() && !is_measure(key)) continue;
    if (prefix.empty() && value.is_group())
      add_measures(row, value, key + ".");
    else
      row.measures[prefix + key] = value.measured();
  }
}

ScoreRow parse_row(const Node& node, const std::string& finding) {
  ScoreRow row;
  row.finding = finding;
  add_measures(row, node, "");
  return row;
}

ClassificationRow parse_classification(const Node& node, const std::string& finding) {
  ClassificationRow row;
  row.positives = node.at("positives").count();
  row.negatives = node.at("negatives").count();
  row.threshold = node.at("threshold").number();
  (void)node.at("auroc");
  row.scores = parse_row(node, finding);
  row.roc = node.at("roc").pairs("a pair of rates");
  for (const Node& bar : node.at("reliability").elements())
    row.reliability.push_back({bar.at("mean_probability").number(),
                               bar.at("positive_share").number(), bar.at("images").count()});
  return row;
}

/// The mean without Cardiomegaly is null where there is no other finding.
ScoreRow parse_mean(const Node& node, const std::string& key) {
  const Node mean = node.at(key);
  if (!mean.is_group()) {
    ScoreRow empty;
    empty.finding = key;
    return empty;
  }
  return parse_row(mean, key);
}

ClassifierRows parse_classifier(const Node& node) {
  ClassifierRows rows;
  rows.classifier = node.at("classifier").text();
  for (const auto& [finding, scores] : node.at("findings").members())
    rows.findings.push_back(parse_classification(scores, finding));
  (void)node.at("mean").at("auroc");
  rows.mean = parse_row(node.at("mean"), "mean");
  return rows;
}

ScoreRow parse_localization(const Node& node, const std::string& finding) {
  ScoreRow row = parse_row(node, finding);
  row.boxes = node.at("boxes").count();
  row.masks = node.at("masks").count();
  row.normal_images = node.at("normal_images").count();
  row.froc = node.at("froc_curve").pairs("a pair of false marks and lesion fraction");
  return row;
}

MethodRows parse_method(const Node& node) {
  MethodRows rows;
  rows.method = node.at("method").text();
  rows.control = node.at("control").flag();
  rows.uses_boxes = node.at("uses_boxes").flag();
  for (const auto& [finding, scores] : node.at("findings").members())
    rows.findings.push_back(parse_localization(scores, finding));
  rows.mean = parse_mean(node, "mean");
  rows.mean_without_cardiomegaly = parse_mean(node, "mean_without_cardiomegaly");
  return rows;
}

StratumRows parse_stratum(const Node& node) {
  StratumRows rows;
  rows.subject = node.at("subject").text();
  rows.of = node.at("of").text();
  rows.by = node.at("by").text();
  rows.stratum = node.at("stratum").text();
  rows.images = node.at("images").count();
  for (const auto& [finding, scores] : node.at("findings").members()) {
    rows.findings.push_back(parse_row(scores, finding));
    rows.findings.back().count = scores.at("count").count();
  }
  rows.mean = parse_row(node.at("mean"), "mean");
  rows.pooled = parse_row(node.at("pooled"), "pooled");
  return rows;
}

DifferenceRow parse_comparison(const Node& node) {
  return {node.at("a").text(),
          node.at("b").text(),
          node.at("finding").text(),
          node.at("measure").text(),
          node.at("difference").measured(),
          node.at("p").number_or_null(),
          node.at("p_holm").number_or_null(),
          node.at("p_delong").number_or_null(),
          node.at("p_delong_holm").number_or_null()};
}

void check_format(const Node& document, const std::string& origin) {
  const std::string format = document.at("format").text();
  if (format != "chestmap-evaluation")
    throw UserError(
        fmt::format("{}: format is \"{}\"; \"chestmap-evaluation\" was expected", origin, format),
        Node::kHint);
  const std::uint64_t version = document.at("format_version").count();
  if (version != 2)
    throw UserError(fmt::format("{}: format_version is {}; this program reads 2", origin, version),
                    version < 2 ? "evaluate or score again: it was written by an older program"
                                : "a program at least as new as the one that wrote the file is "
                                  "needed");
}

}  // namespace

std::optional<Measured> ScoreRow::get(const std::string& measure) const {
  const auto found = measures.find(measure);
  return found == measures.end() ? std::nullopt : found->second;
}

const ScoreRow* MethodRows::row(const std::string& finding) const {
  if (finding == "mean") return &mean;
  if (finding == "mean_without_cardiomegaly") return &mean_without_cardiomegaly;
  for (const ScoreRow& row : findings)
    if (row.finding == finding) return &row;
  return nullptr;
}

const MethodRows* RunScores::first_method() const {
  return localization.empty() ? nullptr : &localization.front();
}

const ClassificationRow* ClassifierRows::row(const std::string& finding) const {
  const auto found = std::find_if(findings.begin(), findings.end(),
                                  [&](const auto& row) { return row.scores.finding == finding; });
  return found == findings.end() ? nullptr : &*found;
}

const ClassifierRows* RunScores::first_classifier() const {
  return classifiers.empty() ? nullptr : &classifiers.front();
}

const ClassificationRow* RunScores::classification_of(const std::string& finding) const {
  return classifiers.empty() ? nullptr : classifiers.front().row(finding);
}

std::optional<Measured> RunScores::mean_auroc() const {
  return classifiers.empty() ? std::nullopt : classifiers.front().mean.get("auroc");
}

bool RunScores::is_control(const std::string& subject) const {
  return std::any_of(localization.begin(), localization.end(), [&](const MethodRows& method) {
    return method.control && method.method == subject;
  });
}

RunScores parse_scores(const nlohmann::ordered_json& evaluation, const std::string& origin) {
  const Node document(evaluation, "", origin);
  check_format(document, origin);
  RunScores scores;
  scores.program = document.at("program").text();
  const Node data = document.at("data");
  scores.data = data.at("name").text();
  scores.split = data.at("split").text();
  scores.images = data.at("images").count();
  scores.patients = data.at("patients").count();
  scores.boxed_images = data.at("boxed_images").count();
  scores.boxes = data.at("boxes").count();
  scores.masks = data.at("masks").count();
  scores.fingerprint = data.at("fingerprint").text();
  for (const Node& limit : data.at("size_limits").elements())
    scores.size_limits.push_back(limit.number());
  scores.oracle = document.at("oracle").texts();
  scores.not_computed = document.at("not_computed").texts();
  const Node bootstrap = document.at("bootstrap");
  scores.resamples = bootstrap.at("resamples").count();
  scores.seed = bootstrap.at("seed").count();
  scores.unit = bootstrap.at("unit").text();
  scores.interval = bootstrap.at("interval").text();
  for (const Node& classifier : document.at("classification").elements())
    scores.classifiers.push_back(parse_classifier(classifier));
  for (const Node& method : document.at("localization").elements())
    scores.localization.push_back(parse_method(method));
  for (const Node& stratum : document.at("strata").elements())
    scores.strata.push_back(parse_stratum(stratum));
  for (const Node& comparison : document.at("comparisons").elements())
    scores.comparisons.push_back(parse_comparison(comparison));
  return scores;
}

}  // namespace chestmap
