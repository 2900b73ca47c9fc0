#include "report/scores.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "sample.h"

namespace chestmap {

namespace {

using sample::Json;

TEST(Scores, ReadsEveryMeasureUnderItsName) {
  const RunScores scores = parse_scores(sample::evaluation(), "toy");
  EXPECT_EQ(scores.program, "chestmap 9.8.7");
  EXPECT_EQ(scores.images, 40);
  EXPECT_EQ(scores.boxes, 14);
  EXPECT_EQ(scores.resamples, 250);
  EXPECT_EQ(scores.seed, 77);
  ASSERT_EQ(scores.localization.size(), 3);
  const MethodRows& method = scores.localization[1];
  EXPECT_TRUE(method.uses_boxes);
  EXPECT_FALSE(method.control);
  const ScoreRow* nodule = method.row("Nodule");
  ASSERT_NE(nodule, nullptr);
  EXPECT_EQ(nodule->boxes, 7);
  EXPECT_DOUBLE_EQ(nodule->get("iou.0.3")->value, 0.423);
  EXPECT_DOUBLE_EQ(*nodule->get("iobb.0.25")->high, 0.45);
  EXPECT_FALSE(nodule->get("iobb.0.9").has_value());
  EXPECT_EQ(method.row("Edema"), nullptr);
  EXPECT_DOUBLE_EQ(method.row("mean")->get("pointing")->value, 0.511);
  EXPECT_DOUBLE_EQ(method.row("mean_without_cardiomegaly")->get("pointing")->value, 0.411);
  EXPECT_DOUBLE_EQ(*scores.comparisons.at(0).difference->low, -0.2);
  EXPECT_DOUBLE_EQ(scores.comparisons.at(0).p_holm.value(), 0.022);
  EXPECT_EQ(nodule->masks, 3);
  EXPECT_EQ(nodule->normal_images, 21);
  ASSERT_EQ(nodule->froc.size(), 3);
  EXPECT_DOUBLE_EQ(nodule->froc[1].second, 0.25);
  EXPECT_FALSE(nodule->get("masks").has_value());  // a count, not a measure
  const ClassificationRow* classified = scores.classification_of("Nodule");
  ASSERT_NE(classified, nullptr);
  EXPECT_DOUBLE_EQ(classified->threshold, 0.375);
  EXPECT_EQ(classified->reliability.at(1).images, 3);
  EXPECT_DOUBLE_EQ(scores.strata.at(0).mean.get("auroc")->value, 0.51);
  EXPECT_EQ(scores.strata.at(0).findings.at(0).count, 5);
}

TEST(Scores, ReadsBothIntervals) {
  Json json = sample::evaluation();
  json["localization"][0]["mean"]["pointing"]["bca"] = {0.125, 0.25};
  const RunScores scores = parse_scores(json, "toy");
  EXPECT_EQ(scores.localization[0].mean.get("pointing")->bca, std::pair(0.125, 0.25));
  EXPECT_FALSE(scores.localization[1].mean.get("pointing")->bca.has_value());
}

TEST(Scores, KeepsTheFindingsOrder) {
  const RunScores scores = parse_scores(sample::evaluation(), "toy");
  EXPECT_EQ(scores.classifiers.at(0).findings.at(0).scores.finding, "Nodule");
  EXPECT_EQ(scores.classifiers.at(0).findings.at(1).scores.finding, "Pleural_Thickening");
  EXPECT_EQ(scores.localization[0].findings.at(0).finding, "Nodule");
}

TEST(Scores, TakesNullForUndefined) {
  Json json = sample::evaluation();
  json["localization"][0]["mean_without_cardiomegaly"] = nullptr;
  json["localization"][0]["mean"]["pointing"]["low"] = nullptr;
  json["localization"][0]["mean"]["pointing"]["high"] = nullptr;
  const RunScores scores = parse_scores(json, "toy");
  EXPECT_FALSE(scores.classifiers[0].findings[1].scores.get("auroc").has_value());
  EXPECT_FALSE(scores.localization[0].mean_without_cardiomegaly.get("pointing").has_value());
  EXPECT_FALSE(scores.localization[0].mean.get("pointing")->low.has_value());
}

TEST(Scores, LetsLaterKeysBe) {
  Json json = sample::evaluation();
  json["new"] = "thing";
  json["data"]["new"] = 3;
  json["localization"][0]["findings"]["Nodule"]["froc"] = sample::measured(0.5, 0.4, 0.6);
  EXPECT_DOUBLE_EQ(parse_scores(json, "toy").localization[0].row("Nodule")->get("froc")->value,
                   0.5);
}

struct Broken {
  const char* name;
  std::function<void(Json&)> damage;
  const char* expected;  // part of the message
};

class BrokenEvaluation : public testing::TestWithParam<Broken> {};

TEST_P(BrokenEvaluation, IsAUserErrorThatNamesTheKey) {
  Json json = sample::evaluation();
  GetParam().damage(json);
  try {
    (void)parse_scores(json, "run.json");
    FAIL() << "accepted";
  } catch (const UserError& error) {
    const std::string message = error.what();
    EXPECT_TRUE(message.starts_with("run.json: ")) << message;
    EXPECT_NE(message.find(GetParam().expected), std::string::npos) << message;
    EXPECT_FALSE(error.hint().empty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Scores, BrokenEvaluation,
    testing::Values(
        Broken{"document", [](Json& j) { j = Json::array(); }, "the document is array"},
        Broken{"format", [](Json& j) { j["format"] = "coco"; }, "format is \"coco\""},
        Broken{"version", [](Json& j) { j["format_version"] = 3; }, "format_version is 3"},
        Broken{"old", [](Json& j) { j["format_version"] = 1; }, "format_version is 1"},
        Broken{"data", [](Json& j) { j.erase("data"); }, "the key data is missing"},
        Broken{"count", [](Json& j) { j["data"]["images"] = -4; }, "data.images"},
        Broken{"auroc",
               [](Json& j) { j["classification"][0]["findings"]["Nodule"].erase("auroc"); },
               "the key classification[0].findings.Nodule.auroc is missing"},
        Broken{"roc",
               [](Json& j) {
                 j["classification"][0]["findings"]["Nodule"]["roc"][1] = {1, 2, 3};
               },
               "classification[0].findings.Nodule.roc[1]"},
        Broken{"pointing",
               [](Json& j) { j["localization"][1]["findings"]["Nodule"]["pointing"] = "high"; },
               "localization[1].findings.Nodule.pointing"},
        Broken{"value",
               [](Json& j) { j["localization"][0]["mean"]["iou"]["0.3"]["value"] = nullptr; },
               "localization[0].mean.iou.0.3.value is null"},
        Broken{"control", [](Json& j) { j["localization"][2]["control"] = 1; },
               "localization[2].control"},
        Broken{"difference", [](Json& j) { j["comparisons"][0].erase("difference"); },
               "comparisons[0].difference"}),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace

}  // namespace chestmap
