#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/card_sections.h"
#include "report/text.h"

namespace chestmap {

namespace {

struct Column {
  const char* measure;
  const char* title;
};

constexpr std::array<Column, 4> kClassification = {{{"auroc", "AUROC"},
                                                    {"average_precision", "Average precision"},
                                                    {"sensitivity", "Sensitivity"},
                                                    {"specificity", "Specificity"}}};
constexpr std::array<Column, 5> kLocalization = {{{"pointing", "Pointing"},
                                                  {"iou.0.1", "IoU > .1"},
                                                  {"iou.0.3", "IoU > .3"},
                                                  {"iou.0.5", "IoU > .5"},
                                                  {"mean_iou", "Mean IoU"}}};
constexpr std::array<Column, 4> kStrata = {{{"auroc", "Mean AUROC"},
                                            {"pointing", "Pointing"},
                                            {"iou.0.3", "IoU > .3"},
                                            {"mean_iou", "Mean IoU"}}};

template <std::size_t N>
void add_cells(std::vector<std::string>& row, const std::array<Column, N>& columns,
               const ScoreRow& scores) {
  for (const Column& column : columns) row.push_back(measured_text(scores.get(column.measure)));
}

template <std::size_t N>
std::vector<std::string> header(std::vector<std::string> first,
                                const std::array<Column, N>& columns) {
  for (const Column& column : columns) first.emplace_back(column.title);
  return first;
}

CardTable classification_table(const ClassifierRows& classifier) {
  CardTable table{header({"Finding", "Positive", "Negative", "Threshold"}, kClassification), {}};
  for (const ClassificationRow& finding : classifier.findings) {
    table.rows.push_back({readable(finding.scores.finding), std::to_string(finding.positives),
                          std::to_string(finding.negatives),
                          fmt::format("{:.3g}", finding.threshold)});
    add_cells(table.rows.back(), kClassification, finding.scores);
  }
  table.rows.push_back({"Mean", "", "", ""});
  add_cells(table.rows.back(), kClassification, classifier.mean);
  return table;
}

CardTable localization_table(const MethodRows& method) {
  CardTable table{header({"Finding", "Boxes"}, kLocalization), {}};
  const auto add = [&](const std::string& name, const std::string& boxes, const ScoreRow& scores) {
    table.rows.push_back({name, boxes});
    add_cells(table.rows.back(), kLocalization, scores);
  };
  for (const ScoreRow& finding : method.findings)
    add(readable(finding.finding), std::to_string(finding.boxes), finding);
  add("Mean", "", method.mean);
  add("Mean without Cardiomegaly", "", method.mean_without_cardiomegaly);
  return table;
}

/// What boxes reach that never see the image.
CardTable control_table(const RunScores& scores) {
  CardTable table{header({"Control", "Findings"}, kLocalization), {}};
  for (const MethodRows& method : scores.localization)
    if (method.control) {
      table.rows.push_back({method.method, "mean"});
      add_cells(table.rows.back(), kLocalization, method.mean);
    }
  return table;
}

/// Of one subject; `of` is "classification" or "localization".
CardTable strata_table(const RunScores& scores, const std::string& subject, const std::string& of) {
  CardTable table{header({"By", "Subgroup", "Images", "Positive images or boxes"}, kStrata), {}};
  for (const StratumRows& stratum : scores.strata) {
    if (stratum.subject != subject || stratum.of != of) continue;
    std::size_t count = 0;
    for (const ScoreRow& finding : stratum.findings) count += finding.count;
    table.rows.push_back(
        {stratum.by, stratum.stratum, std::to_string(stratum.images), std::to_string(count)});
    // By size the findings differ between the parts, so that only all boxes together compare.
    add_cells(table.rows.back(), kStrata, stratum.by == "size" ? stratum.pooled : stratum.mean);
  }
  return table;
}

void add_subgroups(CardSection& section, const RunScores& scores) {
  const std::size_t before = section.blocks.size();
  const auto add = [&](const std::string& subject, const std::string& of) {
    CardTable table = strata_table(scores, subject, of);
    if (table.rows.empty()) return;
    section.blocks.emplace_back(CardParagraph{
        "By subgroup, " + of + (of == "localization" ? " (by size: all boxes together):" : ":")});
    section.blocks.emplace_back(std::move(table));
  };
  if (const ClassifierRows* classifier = scores.first_classifier())
    add(classifier->classifier, "classification");
  if (const MethodRows* method = scores.first_method()) add(method->method, "localization");
  if (section.blocks.size() == before)
    section.blocks.emplace_back(CardParagraph{
        "The evaluation has no subgroups: how the figures differ by sex, age, view and size is not "
        "known."});
}

}  // namespace

CardSection card_figures(const ModelCardInput& input) {
  CardSection section{"Figures", {}};
  if (!input.scores) {
    section.blocks.emplace_back(CardParagraph{"None: not known."});
    return section;
  }
  const RunScores& scores = *input.scores;
  for (const std::string& reason : scores.oracle)
    section.blocks.emplace_back(CardParagraph{
        "ORACLE. These figures are no measure of how the model does on new images: " + reason,
        true});
  section.blocks.emplace_back(
      CardParagraph{"Each figure with its 95% interval; a dash where it is undefined."});
  if (const ClassifierRows* classifier = scores.first_classifier()) {
    section.blocks.emplace_back(CardParagraph{"Classification:"});
    section.blocks.emplace_back(classification_table(*classifier));
  }
  if (const MethodRows* method = scores.first_method()) {
    section.blocks.emplace_back(CardParagraph{
        fmt::format("Localization by \"{}\"; the share of boxes found:", method->method)});
    section.blocks.emplace_back(localization_table(*method));
    if (CardTable controls = control_table(scores); !controls.rows.empty()) {
      section.blocks.emplace_back(CardParagraph{
          "What controls reach that never see the image; the part of the figures above that the "
          "boxes' sizes and places give away:"});
      section.blocks.emplace_back(std::move(controls));
    }
  } else {
    section.blocks.emplace_back(
        CardParagraph{"Localization was not evaluated: whether the maps point at the findings is "
                      "not known."});
  }
  add_subgroups(section, scores);
  if (!scores.not_computed.empty()) {
    section.blocks.emplace_back(CardParagraph{"Not computed:"});
    section.blocks.emplace_back(CardList{scores.not_computed});
  }
  return section;
}

}  // namespace chestmap
