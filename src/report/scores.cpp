#include "report/scores.h"

#include <fmt/format.h>

#include <algorithm>

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
    return Measured{at("value").number(), at("low").number_or_null(), at("high").number_or_null()};
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
      "docs/evaluation-json.md describes the file that `chestmap evaluate` writes";

 private:
  const Json* json_;
  std::string path_;
  const std::string* origin_;
};

void add_measures(ScoreRow& row, const Node& node, const std::string& prefix) {
  for (const auto& [key, value] : node.members()) {
    if (prefix.empty() && (key == "positives" || key == "negatives" || key == "roc")) continue;
    if (prefix.empty() && key == "boxes")
      row.boxes = value.count();
    else if (prefix.empty() && value.is_group())
      add_measures(row, value, key + ".");
    else
      row.measures[prefix + key] = value.measured();
  }
}

ScoreRow parse_row(const Node& node, const std::string& finding,
                   const std::vector<std::string>& required) {
  ScoreRow row;
  row.finding = finding;
  for (const std::string& measure : required) (void)node.at(measure);
  add_measures(row, node, "");
  return row;
}

const std::vector<std::string> kClassificationMeasures = {"auroc", "average_precision"};
const std::vector<std::string> kLocalizationMeasures = {"pointing", "mean_iou", "iou"};

ClassificationRow parse_classification(const Node& node, const std::string& finding) {
  ClassificationRow row;
  row.positives = node.at("positives").count();
  row.negatives = node.at("negatives").count();
  row.scores = parse_row(node, finding, kClassificationMeasures);
  for (const Node& point : node.at("roc").elements()) {
    const std::vector<Node> rates = point.elements();
    point.require(rates.size() == 2, "a pair of rates");
    row.roc.emplace_back(rates[0].number(), rates[1].number());
  }
  return row;
}

/// The mean without Cardiomegaly is null where there is no other finding.
ScoreRow parse_mean(const Node& node, const std::string& key) {
  const Node mean = node.at(key);
  if (!mean.is_group()) return {key, 0, {}};
  return parse_row(mean, key, {});
}

MethodRows parse_method(const Node& node) {
  MethodRows rows;
  rows.method = node.at("method").text();
  rows.control = node.at("control").flag();
  rows.uses_boxes = node.at("uses_boxes").flag();
  for (const auto& [finding, scores] : node.at("findings").members())
    rows.findings.push_back(parse_row(scores, finding, kLocalizationMeasures));
  rows.mean = parse_mean(node, "mean");
  rows.mean_without_cardiomegaly = parse_mean(node, "mean_without_cardiomegaly");
  return rows;
}

void check_format(const Node& document, const std::string& origin) {
  const std::string format = document.at("format").text();
  if (format != "chestmap-evaluation")
    throw UserError(
        fmt::format("{}: format is \"{}\"; \"chestmap-evaluation\" was expected", origin, format),
        Node::kHint);
  const std::uint64_t version = document.at("format_version").count();
  if (version != 1)
    throw UserError(fmt::format("{}: format_version is {}; this program reads 1", origin, version),
                    "a program at least as new as the one that wrote the file is needed");
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

const ClassificationRow* RunScores::classification_of(const std::string& finding) const {
  const auto found = std::find_if(classification.begin(), classification.end(),
                                  [&](const auto& row) { return row.scores.finding == finding; });
  return found == classification.end() ? nullptr : &*found;
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
  const Node bootstrap = document.at("bootstrap");
  scores.resamples = bootstrap.at("resamples").count();
  scores.seed = bootstrap.at("seed").count();
  scores.unit = bootstrap.at("unit").text();
  scores.interval = bootstrap.at("interval").text();
  const Node classification = document.at("classification");
  for (const auto& [finding, node] : classification.at("findings").members())
    scores.classification.push_back(parse_classification(node, finding));
  scores.classification_mean =
      parse_row(classification.at("mean"), "mean", kClassificationMeasures);
  for (const Node& method : document.at("localization").elements())
    scores.localization.push_back(parse_method(method));
  for (const Node& comparison : document.at("comparisons").elements())
    scores.comparisons.push_back({comparison.at("a").text(), comparison.at("b").text(),
                                  comparison.at("finding").text(), comparison.at("measure").text(),
                                  comparison.at("difference").measured()});
  return scores;
}

}  // namespace chestmap
