#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/report.h"

namespace chestmap::sample {

using Json = nlohmann::ordered_json;

inline Json measured(double value, double low, double high) {
  return {{"value", value}, {"low", low}, {"high", high}};
}

/// All measures of a finding's localization, told apart by their values: `base` is added to each.
inline Json localization_row(double base) {
  return {{"boxes", 7},
          {"masks", 3},
          {"normal_images", 21},
          {"froc_curve", Json::array({{0.0, 0.0}, {0.5, 0.25}, {2.0, 0.75}})},
          {"wafroc", measured(base + 0.051, base, base + 0.06)},
          {"mask_iou", measured(base + 0.061, base, base + 0.07)},
          {"pointing", measured(base + 0.011, base, base + 0.05)},
          {"mean_iou", measured(base + 0.012, base, base + 0.05)},
          {"iou",
           {{"0.1", measured(base + 0.021, base, base + 0.05)},
            {"0.3", measured(base + 0.023, base, base + 0.05)},
            {"0.5", measured(base + 0.025, base, base + 0.05)}}},
          {"iobb", {{"0.25", measured(base + 0.031, base, base + 0.05)}}},
          {"afp_iou", {{"0.1", measured(base + 0.041, base, base + 0.05)}}}};
}

inline Json method(const std::string& name, bool control, bool uses_boxes, double base) {
  return {
      {"method", name},
      {"control", control},
      {"uses_boxes", uses_boxes},
      {"findings", {{"Nodule", localization_row(base)}, {"Cardiomegaly", localization_row(0.8)}}},
      {"mean", localization_row(base + 0.1)},
      {"mean_without_cardiomegaly", localization_row(base)}};
}

inline Json stratum(const std::string& subject, const std::string& of, const std::string& by,
                    const std::string& name, double base) {
  const bool classifies = of == "classification";
  const std::string measure = classifies ? "auroc" : "pointing";
  return {{"subject", subject},
          {"of", of},
          {"by", by},
          {"stratum", name},
          {"images", 17},
          {"findings", {{"Nodule", {{"count", 5}, {measure, measured(base, base, base)}}}}},
          {"mean", {{measure, measured(base + 0.01, base, base + 0.05)}}},
          {"pooled", classifies ? Json::object()
                                : Json({{measure, measured(base + 0.02, base, base + 0.05)}})}};
}

/// Two findings; the AUROC of the second is not defined, for no image shows it.
inline Json evaluation() {
  return {{"format", "chestmap-evaluation"},
          {"format_version", 2},
          {"program", "chestmap 9.8.7"},
          {"notice", "Research use only."},
          {"oracle", Json::array()},
          {"not_computed", Json::array({"masks of nothing"})},
          {"data",
           {{"name", "toy"},
            {"split", "test"},
            {"fingerprint", "0123456789abcdef"},
            {"size_limits", Json::array({0.01, 0.05})},
            {"masks", 6},
            {"images", 40},
            {"patients", 31},
            {"boxed_images", 12},
            {"boxes", 14}}},
          {"bootstrap",
           {{"resamples", 250}, {"seed", 77}, {"unit", "patient"}, {"interval", "percentile 95%"}}},
          {"classification",
           Json::array(
               {{{"classifier", "network"},
                 {"findings",
                  {{"Nodule",
                    {{"positives", 9},
                     {"negatives", 31},
                     {"threshold", 0.375},
                     {"sensitivity", measured(0.876, 0.8, 0.9)},
                     {"ece", measured(0.0421, 0.03, 0.06)},
                     {"reliability",
                      Json::array(
                          {{{"mean_probability", 0.25}, {"positive_share", 0.5}, {"images", 12}},
                           {{"mean_probability", 0.75}, {"positive_share", 1.0}, {"images", 3}}})},
                     {"auroc", measured(0.7654, 0.7012, 0.8123)},
                     {"average_precision", measured(0.4321, 0.3, 0.5)},
                     {"roc", Json::array({{0.0, 0.0}, {0.25, 0.75}, {1.0, 1.0}})}}},
                   {"Pleural_Thickening",
                    {{"positives", 0},
                     {"negatives", 40},
                     {"threshold", 0.5},
                     {"reliability", Json::array()},
                     {"auroc", nullptr},
                     {"average_precision", nullptr},
                     {"roc", Json::array()}}}}},
                 {"mean",
                  {{"auroc", measured(0.7654, 0.7012, 0.8123)},
                   {"average_precision", measured(0.4321, 0.3, 0.5)}}}}})},
          {"localization", Json::array({method("attention map", false, false, 0.3),
                                        method("tuned level", false, true, 0.4),
                                        method("centre box", true, false, 0.1)})},
          {"strata", Json::array({stratum("network", "classification", "view", "PA", 0.5),
                                  stratum("attention map", "localization", "size", "small", 0.2)})},
          {"comparisons", Json::array({{{"a", "attention map"},
                                        {"b", "tuned level"},
                                        {"finding", "Nodule"},
                                        {"measure", "pointing"},
                                        {"difference", measured(-0.123, -0.2, -0.05)},
                                        {"p", 0.011},
                                        {"p_holm", 0.022},
                                        {"p_delong", nullptr},
                                        {"p_delong_holm", nullptr}}})}};
}

inline CsvTable table(std::vector<std::string> header, std::vector<std::vector<std::string>> rows) {
  CsvTable table{"run/table.csv", std::move(header), {}};
  for (std::size_t i = 0; i < rows.size(); ++i) table.rows.push_back({i + 2, std::move(rows[i])});
  return table;
}

inline CsvTable log() {
  return table(
      {"epoch", "learning_rate", "train_loss", "valid_loss", "valid_auroc", "auroc.Nodule"},
      {{"1", "0.1", "0.9", "0.8", "0.6", "0.6"},
       {"2", "0.1", "0.7", "0.6", "0.8", "0.8"},
       {"3", "0.1", "0.5", "0.7", "0.7", ""}});
}

/// Of three epochs; the best of `log()` is the second.
inline CsvTable relevance() {
  return table({"epoch", "finding", "stage", "relevance"}, {{"1", "Nodule", "3", "0.111"},
                                                            {"1", "Nodule", "4", "0.889"},
                                                            {"2", "Nodule", "3", "0.222"},
                                                            {"2", "Nodule", "4", "0.778"},
                                                            {"3", "Nodule", "3", "0.333"},
                                                            {"3", "Nodule", "4", "0.667"}});
}

inline ReportInput input() {
  ReportInput input;
  input.title = "Toy report";
  input.program = "chestmap 1.2.3";
  input.runs.push_back({"first", evaluation(), log(), relevance(), "seed = 5\n", {}, {}, {}});
  return input;
}

/// The part of `text` from `from` up to the next `to`; empty where either is missing.
inline std::string between(std::string_view text, std::string_view from, std::string_view to) {
  const std::size_t begin = text.find(from);
  if (begin == std::string_view::npos) return {};
  const std::size_t end = text.find(to, begin + from.size());
  if (end == std::string_view::npos) return {};
  return std::string(text.substr(begin, end - begin));
}

inline std::size_t count(std::string_view text, std::string_view word) {
  std::size_t found = 0;
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + word.size()))
    ++found;
  return found;
}

}  // namespace chestmap::sample
