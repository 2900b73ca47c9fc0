#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "evaluate/controls.h"
#include "evaluate/evaluation_csv.h"
#include "evaluate/evaluation_json.h"
#include "evaluate/evaluation_table.h"
#include "toy.h"

namespace chestmap {
namespace {

using Json = nlohmann::ordered_json;

Evaluation evaluate_toy(std::size_t resamples) {
  const Dataset data = toy::dataset();
  LocalizationMethod second = toy::method();
  second.name = "last stage";
  second.uses_boxes = true;
  const std::vector<LocalizationMethod> methods = {toy::method(), second,
                                                   centre_box_control(data, toy::boxed(), 3)};
  EvaluationOptions options;
  options.program = "chestmap test";
  options.bootstrap = {resamples, 7};
  return evaluate(data, toy::predictions(), toy::boxed(), methods, options);
}

std::vector<std::string> keys(const Json& json) {
  std::vector<std::string> keys;
  for (const auto& item : json.items()) keys.push_back(item.key());
  return keys;
}

using Keys = std::vector<std::string>;

TEST(EvaluationJson, HasTheDocumentedKeysInOrder) {
  const Json json = to_json(evaluate_toy(50));
  EXPECT_EQ(keys(json),
            (Keys{"format", "format_version", "program", "notice", "oracle", "data", "bootstrap",
                  "not_computed", "classification", "localization", "strata", "comparisons"}));
  EXPECT_EQ(json["format"], "chestmap-evaluation");
  EXPECT_EQ(json["format_version"], 2);
  EXPECT_EQ(keys(json["data"]), (Keys{"name", "split", "fingerprint", "images", "patients",
                                      "boxed_images", "boxes", "masks", "size_limits"}));
  EXPECT_EQ(json["bootstrap"].dump(),
            R"({"resamples":50,"seed":7,"unit":"patient","interval":"percentile 95%",)"
            R"("bca":"bias-corrected and accelerated 95%"})");
  ASSERT_EQ(json["classification"].size(), 1U);
  EXPECT_EQ(keys(json["classification"][0]),
            (Keys{"classifier", "findings", "mean", "mean_without_cardiomegaly"}));
  EXPECT_EQ(keys(json["classification"][0]["findings"]["Nodule"]),
            (Keys{"positives", "negatives", "threshold", "auroc", "average_precision", "brier",
                  "ece", "sensitivity", "specificity", "ppv", "npv", "f1", "roc", "reliability"}));
  ASSERT_EQ(json["localization"].size(), 3U);
  EXPECT_EQ(keys(json["localization"][0]), (Keys{"method", "control", "uses_boxes", "findings",
                                                 "mean", "mean_without_cardiomegaly"}));
  EXPECT_EQ(keys(json["localization"][0]["findings"]["Nodule"]),
            (Keys{"boxes", "masks", "normal_images", "pointing", "mean_iou", "iou", "iobb",
                  "afp_iou", "afp_iobb", "ap", "wafroc", "afroc", "wafroc1", "afroc1", "froc_mean",
                  "max_llf", "max_nlf", "froc", "froc_curve"}));
  EXPECT_EQ(keys(json["localization"][0]["mean"]["iou"]),
            (Keys{"0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"}));
  EXPECT_EQ(keys(json["localization"][0]["mean"]["afp_iobb"]),
            (Keys{"0.1", "0.25", "0.5", "0.75", "0.9"}));
  EXPECT_EQ(json["comparisons"].size(), 8U);
  EXPECT_EQ(keys(json["comparisons"][0]), (Keys{"a", "b", "finding", "measure", "difference", "p",
                                                "p_holm", "p_delong", "p_delong_holm"}));
}

TEST(EvaluationJson, CarriesValuesIntervalsAndFlags) {
  const Json json = to_json(evaluate_toy(50));
  const Json& pointing = json["localization"][0]["findings"]["Nodule"]["pointing"];
  EXPECT_EQ(keys(pointing), (Keys{"value", "low", "high", "bca"}));
  EXPECT_EQ(pointing["value"], 0.5);
  EXPECT_LE(pointing["low"], pointing["value"]);
  EXPECT_GE(pointing["high"], pointing["value"]);
  EXPECT_EQ(json["localization"][1]["uses_boxes"], true);
  EXPECT_EQ(json["localization"][2]["control"], true);
  EXPECT_EQ(json["classification"][0]["findings"]["Nodule"]["roc"].dump(),
            "[[0.0,0.0],[0.0,0.5],[0.5,0.5],[0.5,1.0],[1.0,1.0]]");
}

TEST(EvaluationJson, WritesNullForWhatIsUndefined) {
  const Json without_resamples = to_json(evaluate_toy(0));
  EXPECT_EQ(without_resamples["localization"][0]["mean"]["pointing"].dump(),
            R"({"value":0.75,"low":null,"high":null,"bca":null})");
  Predictions none = toy::predictions();
  none.records.clear();
  none.probabilities.clear();
  const Json json = to_json(evaluate(toy::dataset(), none, {}, {}, {}));
  EXPECT_TRUE(json["classification"][0]["findings"]["Nodule"]["auroc"].is_null());
  EXPECT_EQ(json["localization"].dump(), "[]");
}

TEST(PredictionsCsv, HasARowAnImage) {
  EXPECT_EQ(predictions_csv(toy::dataset(), toy::predictions()),
            "image,patient,Edema,Cardiomegaly,Nodule\n"
            "d.png,cora,0.5,0.2,0.1\n"
            "c.png,bert,0.5,0.6,0.7\n"
            "b.png,anna,0.5,0.7,0.8\n"
            "a.png,anna,0.5,0.6,0.9\n");
}

TEST(SummaryCsv, HasARowAMeasureAndEmptyFieldsForTheUndefined) {
  const std::string csv = summary_csv(evaluate_toy(0));
  EXPECT_TRUE(
      csv.starts_with("method,stratum,finding,measure,value,low,high,bca_low,bca_high\n"
                      "classifier,,Cardiomegaly,auroc,0.875000,,,,\n"))
      << csv;
  EXPECT_NE(csv.find("\nlast stage,,Nodule,iou.0.1,0.500000,,,,\n"), std::string::npos);
  EXPECT_NE(csv.find("\nlast stage,,mean_without_cardiomegaly,pointing,0.500000,,,,\n"),
            std::string::npos);
  // Lines without a stratum: 1 header, 4 rows of the classifier x 9 measures, and of each of 3
  // methods 4 rows x 48: 26 by box and peak, 8 average precisions, 14 of free response.
  std::size_t everything = 0;
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);)
    everything += line.find(",,") == line.find(',') ? 1 : 0;
  EXPECT_EQ(everything, 4 * 9 + 3 * 4 * 48);
}

TEST(EvaluationTable, ShowsEveryMethodWithItsMeansAndMarksControls) {
  const std::string table = to_table(evaluate_toy(50));
  for (const char* text :
       {"AUROC", "multiscale attention map\n", "last stage (uses radiologists' boxes)\n",
        "fixed centre box (control: never sees the image)\n", "mean without Cardiomegaly",
        "T(IoU) .3", "Research use only", "0.500 ["})
    EXPECT_NE(table.find(text), std::string::npos) << text << "\n" << table;
}

TEST(EvaluationTable, ShowsADashForWhatIsUndefined) {
  const std::vector<LocalizationMethod> none;
  Predictions predictions = toy::predictions();
  predictions.findings = FindingList({"Edema", "Cardiomegaly", "Mass"});
  const std::string table = to_table(evaluate(toy::dataset(), predictions, {}, none, {}));
  const std::size_t mass = table.find("  Mass");
  ASSERT_NE(mass, std::string::npos) << table;
  EXPECT_NE(table.substr(mass, table.find('\n', mass) - mass).find(" -"), std::string::npos);
}

}  // namespace
}  // namespace chestmap
