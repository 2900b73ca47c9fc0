#include "evaluate/evaluation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "base/error.h"
#include "evaluate/controls.h"
#include "toy.h"

namespace chestmap {
namespace {

EvaluationOptions options(std::size_t resamples) {
  EvaluationOptions options;
  options.bootstrap = {resamples, 7};
  return options;
}

double value(const std::vector<MeasureValue>& values, const std::string& measure) {
  for (const MeasureValue& entry : values)
    if (entry.measure == measure)
      return entry.estimate ? entry.estimate->value : std::numeric_limits<double>::quiet_NaN();
  ADD_FAILURE() << "no measure " << measure;
  return 0.0;
}

Evaluation evaluate_toy(std::size_t resamples = 0) {
  const std::vector<LocalizationMethod> methods = {toy::method()};
  return evaluate(toy::dataset(), toy::predictions(), toy::boxed(), methods, options(resamples));
}

TEST(Evaluate, CountsWhatItScored) {
  const Evaluation evaluation = evaluate_toy();
  EXPECT_EQ(evaluation.data, "toy");
  EXPECT_EQ(evaluation.images, 4U);
  EXPECT_EQ(evaluation.patients, 3U);
  EXPECT_EQ(evaluation.boxed_images, 3U);
  EXPECT_EQ(evaluation.boxes, 4U);
}

TEST(Evaluate, JoinsProbabilitiesWithLabelsByName) {
  const Evaluation evaluation = evaluate_toy();
  ASSERT_EQ(evaluation.classification.at(0).findings.size(),
            2U);  // Edema is not labelled, Mass not predicted
  const ClassificationScores& heart = evaluation.classification[0].findings[0];
  const ClassificationScores& nodule = evaluation.classification[0].findings[1];
  EXPECT_EQ(heart.finding, "Cardiomegaly");
  EXPECT_EQ(heart.positives, 2U);
  EXPECT_EQ(heart.negatives, 2U);
  // b .7 and c .6 against a .6 and d .2: 1 + 1 + 1/2 + 1.
  EXPECT_EQ(value(heart.measures, "auroc"), 3.5 / 4.0);
  // a .9 and c .7 against b .8 and d .1: 1 + 1 + 0 + 1.
  EXPECT_EQ(value(nodule.measures, "auroc"), 3.0 / 4.0);
  // Recall 1/2 at precision 1, 1 at 2/3.
  EXPECT_DOUBLE_EQ(value(nodule.measures, "average_precision"), 5.0 / 6.0);
  EXPECT_EQ(value(evaluation.classification[0].mean, "auroc"), 6.5 / 8.0);
  EXPECT_EQ(nodule.roc.size(), 5U);
}

TEST(Evaluate, LeavesImagesOfUnknownLabelOut) {
  Predictions predictions = toy::predictions();
  predictions.findings = FindingList({"Edema", "Cardiomegaly", "Mass"});
  const Evaluation evaluation = evaluate(toy::dataset(), predictions, {}, {}, options(0));
  EXPECT_EQ(evaluation.classification[0].findings[1].finding, "Mass");
  EXPECT_EQ(evaluation.classification[0].findings[1].positives, 0U);
  EXPECT_EQ(evaluation.classification[0].findings[1].negatives, 3U);
  EXPECT_TRUE(std::isnan(value(evaluation.classification[0].findings[1].measures, "auroc")));
  // The mean is over Cardiomegaly alone.
  EXPECT_EQ(value(evaluation.classification[0].mean, "auroc"), 3.5 / 4.0);
}

TEST(Evaluate, ScoresBoxesAndPeaksByHandComputedValues) {
  const Evaluation evaluation = evaluate_toy();
  ASSERT_EQ(evaluation.localization.size(), 1U);
  const MethodScores& method = evaluation.localization[0];
  ASSERT_EQ(method.findings.size(), 2U);
  const auto& heart = method.findings[0].measures;
  const auto& nodule = method.findings[1].measures;
  EXPECT_EQ(method.findings[0].boxes, 2U);
  EXPECT_EQ(value(heart, "pointing"), 1.0);
  EXPECT_EQ(value(heart, "iou.0.4"), 1.0);
  EXPECT_EQ(value(heart, "iou.0.5"), 0.0);  // exactly 1/2 is not above
  EXPECT_EQ(value(heart, "iobb.0.9"), 1.0);
  EXPECT_EQ(value(heart, "mean_iou"), 0.5);
  EXPECT_EQ(value(heart, "afp_iou.0.1"), 1.0 / 4.0);  // the box on image a, over 4 boxes
  EXPECT_EQ(value(nodule, "pointing"), 1.0 / 2.0);
  EXPECT_EQ(value(nodule, "iou.0.1"), 1.0 / 2.0);
  EXPECT_EQ(value(nodule, "mean_iou"), (0.5 + 0.0) / 2.0);
  EXPECT_EQ(value(nodule, "afp_iou.0.1"), 1.0 / 4.0);  // on image c
  EXPECT_EQ(value(nodule, "afp_iou.0.5"), 2.0 / 4.0);  // and on image a
}

TEST(Evaluate, MeansAreOverFindingsWithAndWithoutCardiomegaly) {
  const Evaluation evaluation = evaluate_toy();
  EXPECT_EQ(value(evaluation.localization[0].mean, "pointing"), (1.0 + 0.5) / 2.0);
  EXPECT_EQ(value(evaluation.localization[0].mean_without_cardiomegaly, "pointing"), 0.5);
}

TEST(Evaluate, ComparesMethodsThatAreNoControlsWithTheFirst) {
  LocalizationMethod worse = toy::method();
  worse.name = "last stage";
  worse.results[toy::kNodule].peak = Point{99, 99};  // the nodule of image a is missed
  LocalizationMethod third = toy::method();
  third.name = "Grad-CAM";
  const Dataset data = toy::dataset();
  const std::vector<LocalizationMethod> methods = {centre_box_control(data, toy::boxed(), 3),
                                                   toy::method(), worse, third};
  const Evaluation evaluation =
      evaluate(data, toy::predictions(), toy::boxed(), methods, options(200));
  // Two others x two measures x (two findings and two means).
  ASSERT_EQ(evaluation.comparisons.size(), 16U);
  for (const Comparison& comparison : evaluation.comparisons) {
    EXPECT_EQ(comparison.a, "multiscale attention map");
    ASSERT_TRUE(comparison.difference.has_value());
    double expected = 0.0;
    if (comparison.b == "last stage" && comparison.measure == "pointing") {
      if (comparison.finding == "Nodule") expected = 0.5;
      if (comparison.finding == "mean") expected = 0.25;
      if (comparison.finding == "mean_without_cardiomegaly") expected = 0.5;
    }
    EXPECT_EQ(comparison.difference->value, expected) << comparison.b << comparison.finding;
    ASSERT_TRUE(comparison.difference->interval.has_value());
    // Paired: a method that draws the same differs by 0 in every resample.
    if (comparison.b == "Grad-CAM") {
      EXPECT_EQ(comparison.difference->interval->low, 0.0);
      EXPECT_EQ(comparison.difference->interval->high, 0.0);
    }
  }
}

void expect_same(const std::vector<MeasureValue>& a, const std::vector<MeasureValue>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].estimate.has_value(), b[i].estimate.has_value()) << a[i].measure;
    if (!a[i].estimate) continue;
    // Sums in another order round otherwise.
    EXPECT_NEAR(a[i].estimate->value, b[i].estimate->value, 1e-12) << a[i].measure;
    ASSERT_TRUE(a[i].estimate->interval && b[i].estimate->interval);
    EXPECT_NEAR(a[i].estimate->interval->low, b[i].estimate->interval->low, 1e-12);
    EXPECT_NEAR(a[i].estimate->interval->high, b[i].estimate->interval->high, 1e-12);
  }
}

TEST(Evaluate, TheOrderOfTheImagesChangesNothing) {
  const Dataset data = toy::dataset();
  const std::vector<std::size_t> order = {2, 3, 0, 1};  // new place i holds old record order[i]
  Dataset moved = data;
  for (std::size_t i = 0; i < 4; ++i) moved.records[i] = data.records[order[i]];
  Predictions predictions = toy::predictions();
  predictions.records = {1, 0, 3, 2};                // where d, c, b, a now are
  const std::vector<std::size_t> boxed = {0, 2, 3};  // c, a, b
  LocalizationMethod method = toy::method();
  std::rotate(method.results.begin(), method.results.begin() + 6, method.results.end());
  const std::vector<LocalizationMethod> methods = {method};
  const Evaluation after = evaluate(moved, predictions, boxed, methods, options(100));
  const Evaluation before = evaluate_toy(100);
  for (std::size_t f = 0; f < 2; ++f) {
    expect_same(before.classification[0].findings[f].measures,
                after.classification[0].findings[f].measures);
    expect_same(before.localization[0].findings[f].measures,
                after.localization[0].findings[f].measures);
  }
  expect_same(before.localization[0].mean, after.localization[0].mean);
}

TEST(Evaluate, ImagesOfUnknownPatientsCountAsPatientsOfTheirOwn) {
  Dataset data = toy::dataset();
  for (Record& record : data.records) record.patient.clear();
  EXPECT_EQ(evaluate(data, toy::predictions(), {}, {}, options(0)).patients, 4U);
}

TEST(Evaluate, ScoresBoxesWithoutAnyPrediction) {
  const std::vector<LocalizationMethod> methods = {toy::method()};
  const Predictions none{toy::predictions().findings, {}, {}};
  const Evaluation evaluation = evaluate(toy::dataset(), none, toy::boxed(), methods, options(0));
  EXPECT_EQ(evaluation.images, 3U);
  EXPECT_EQ(value(evaluation.localization[0].mean, "pointing"), 0.75);
  EXPECT_TRUE(std::isnan(value(evaluation.classification[0].mean, "auroc")));
}

TEST(Evaluate, NamesTheImageWhoseProbabilityIsNoNumber) {
  Predictions predictions = toy::predictions();
  predictions.probabilities[3 + toy::kNodule] = std::numeric_limits<float>::quiet_NaN();
  try {
    (void)evaluate(toy::dataset(), predictions, {}, {}, options(0));
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("c.png"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("Nodule"), std::string::npos) << error.what();
  }
}

TEST(Evaluate, RefusesPredictionsThatShareNoFinding) {
  Predictions predictions = toy::predictions();
  predictions.findings = FindingList({"one", "two", "three"});
  EXPECT_THROW((void)evaluate(toy::dataset(), predictions, {}, {}, options(0)), UserError);
}

TEST(Evaluate, RefusesSizesThatDisagree) {
  Predictions predictions = toy::predictions();
  predictions.probabilities.pop_back();
  EXPECT_THROW((void)evaluate(toy::dataset(), predictions, {}, {}, options(0)),
               std::invalid_argument);
  std::vector<LocalizationMethod> methods = {toy::method()};
  methods[0].results.pop_back();
  EXPECT_THROW(
      (void)evaluate(toy::dataset(), toy::predictions(), toy::boxed(), methods, options(0)),
      std::invalid_argument);
}

}  // namespace
}  // namespace chestmap
