#include "report/model_card.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sample.h"

namespace chestmap {
namespace {

ModelCardInput input() {
  ModelCardInput input;
  input.name = "first";
  input.spec.findings = {"Nodule", "Pleural_Thickening"};
  input.spec.box_rule_provenance = "labels of split valid";
  input.spec.program_version = "9.7.8";
  input.spec.provenance = {{"data", "toy"}, {"split_train", "90b02a2e2ea3e7f4"}};
  input.parameters = 131072;
  input.program = "chestmap 9.9.9";
  return input;
}

ModelCardInput evaluated() {
  ModelCardInput result = input();
  result.scores = parse_scores(sample::evaluation(), "evaluation.json");
  result.evaluation_file = "evaluation-test/evaluation.json";
  return result;
}

/// Of the HTML and the Markdown what has none of either's signs.
void expect_in_both(const ModelCardInput& input, const std::string& text) {
  const CardDocument card = model_card(input);
  EXPECT_NE(card_markdown(card).find(text), std::string::npos) << text;
  EXPECT_NE(card_html(card).find(text), std::string::npos) << text;
}

TEST(ModelCard, HoldsFiguresWithIntervalsAndTheirData) {
  const ModelCardInput card = evaluated();
  for (const char* text :
       {"Research use only. Not for diagnosis.", "131072", "chestmap 9.7.8", "90b02a2e2ea3e7f4",
        "0123456789abcdef", "40 of 31 patients", "250 resamples by patient, seed 77",
        ".765 (.701–.812)", "0.375", ".311 (.300–.350)", "masks of nothing",
        "What controls reach that never see the image"})
    expect_in_both(card, text);
  // By subgroup: views of the classifier by the mean, sizes of the method by all boxes together.
  const std::string markdown = card_markdown(model_card(card));
  EXPECT_NE(markdown.find("| view | PA | 17 | 5 | .510 (.500–.550) |"), std::string::npos);
  EXPECT_NE(markdown.find("| size | small | 17 | 5 | – | .220 (.200–.250) |"), std::string::npos);
}

TEST(ModelCard, SaysWhatIsNotKnown) {
  for (const char* text :
       {"No evaluation was found beside the model: how well it does is not known.",
        "Every figure: there is no evaluation.", "No threshold was fitted", "not calibrated"})
    expect_in_both(input(), text);
  for (const char* text : {"How the figures differ by sex, age.", "Nodule (9)",
                           "How well it localizes Pleural Thickening: no box to compare with."})
    expect_in_both(evaluated(), text);
  ModelCardInput without = input();
  without.spec.provenance.clear();
  expect_in_both(without, "what it was trained on: not known");
}

TEST(ModelCard, ThresholdsComeWithWhatTheyWereFittedOn) {
  ModelCardInput card = input();
  const Fit fit{"youden", "chestxray14", "valid", "fedcba9876543210", 8652, "2026-01-31"};
  card.spec.thresholds = Thresholds{fit, {0.3125, {}}};
  card.spec.calibration = Calibration{fit, {FindingCalibration{1.5, -0.25, {}}, {}}};
  card.spec.box_rules["multiscale attention map"] = {
      {.rule = "median_peak", .fraction = 0.7, .fitted = true}, {}};
  const std::string markdown = card_markdown(model_card(card));
  EXPECT_NE(
      markdown.find("| Nodule | 0.3125 | sigmoid(1.5 z + -0.25) | median peak of 0.7, fitted |"),
      std::string::npos)
      << markdown;
  EXPECT_NE(markdown.find("| Pleural Thickening | 0.5 (not fitted) | none |"), std::string::npos);
  EXPECT_NE(markdown.find("| thresholds | youden | chestxray14 | valid | fedcba9876543210 | 8652 | "
                          "2026-01-31 |"),
            std::string::npos);
}

TEST(ModelCard, OracleAndPhantomsAreSaidAloud) {
  sample::Json evaluation = sample::evaluation();
  evaluation["oracle"] = {"thresholds were fitted on this split"};
  evaluation["data"]["name"] = "Phantoms";
  ModelCardInput card = input();
  card.scores = parse_scores(evaluation, "evaluation.json");
  expect_in_both(card, "ORACLE.");
  expect_in_both(card, "thresholds were fitted on this split");
  expect_in_both(card, "simulated radiographs (phantoms), not of patients");
}

TEST(ModelCard, TextOfTheModelCannotBecomeMarkupInHtml) {
  ModelCardInput card = input();
  card.spec.findings[0] = "<script>alert(1)</script>";
  card.name = "a\"><img src=x>";
  const std::string html = card_html(model_card(card));
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find("<img"), std::string::npos);
  EXPECT_NE(html.find("&lt;script&gt;alert(1)&lt;/script&gt;"), std::string::npos);
}

TEST(ModelCard, TextOfTheModelCannotBecomeMarkupInMarkdown) {
  ModelCardInput card = input();
  card.spec.findings[0] = "a|b *c* [d](e) `f` <g>\n# h";
  const std::string markdown = card_markdown(model_card(card));
  EXPECT_NE(
      markdown.find("| a\\|b \\*c\\* \\[d\\](e) \\`f\\` &lt;g&gt; \\# h | 0.5 (not fitted) |"),
      std::string::npos)
      << markdown;
}

TEST(CardMarkdown, TablesHaveAsManyCellsInEachRow) {
  const std::string markdown = card_markdown(
      {"t", "n", {{"s", {CardTable{{}, {{"a", "b"}, {"1. c", "- d"}}}, CardList{{"+ e"}}}}}, "f"});
  EXPECT_EQ(markdown,
            "# t\n\n**n**\n\n## s\n\n|  |  |\n| --- | :--- |\n| a | b |\n| 1\\. c | \\- d |\n\n"
            "- \\+ e\n\n---\n\nf\n");
}

}  // namespace
}  // namespace chestmap
