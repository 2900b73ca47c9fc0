#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "evaluate/controls.h"
#include "evaluate/evaluation.h"
#include "evaluate/evaluation_csv.h"
#include "evaluate/evaluation_table.h"
#include "toy.h"

namespace chestmap {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

EvaluationOptions options(std::size_t resamples) {
  EvaluationOptions options;
  options.bootstrap.resamples = resamples;
  options.bootstrap.seed = 7;
  return options;
}

double value(const std::vector<MeasureValue>& values, const std::string& measure) {
  for (const MeasureValue& entry : values)
    if (entry.measure == measure) return entry.estimate ? entry.estimate->value : kUndefined;
  return kUndefined;
}

/// Of the toy images a and d, each of a patient of its own, with a nodule of (10, 10, 10, 10) on a.
Subjects nodules_on_all() {
  Subjects subjects;
  subjects.findings = FindingList({"Nodule"});
  subjects.localized = {0, 1, 2, 3};
  subjects.methods.push_back({"boxes", false, false, {}, true, false});
  subjects.methods[0].results = {
      {Point{15, 15}, {{{10, 10, 10, 10}, 0.9}}},  // a: right
      {Point{5, 5}, {{{0, 0, 10, 10}, 0.3}}},      // b: no nodule there
      {Point{5, 5}, {{{0, 0, 10, 10}, 0.2}}},      // c: misses
      {Point{5, 5}, {{{0, 0, 10, 10}, 0.95}}},     // d: no nodule there
  };
  return subjects;
}

TEST(Subjects, NormalImagesCountFalseMarksAndNothingElse) {
  const Evaluation evaluation = evaluate(toy::dataset(), nodules_on_all(), options(0));
  EXPECT_EQ(evaluation.images, 4U);
  EXPECT_EQ(evaluation.boxed_images, 3U);  // d has none of any finding
  const LocalizationScores& nodule = evaluation.localization.at(0).findings.at(0);
  EXPECT_EQ(nodule.boxes, 2U);
  EXPECT_EQ(nodule.normals, 2U);
  // Boxed images alone, as in Wang: one of two boxes found; the false boxes of b and c over the 4
  // boxes of all findings.
  EXPECT_EQ(value(nodule.measures, "iou.0.5"), 0.5);
  EXPECT_EQ(value(nodule.measures, "afp_iou.0.1"), 2.0 / 4.0);
  // Highest false marks of the normal images b and d: .3 and .95. The lesions: .9 above one of the
  // two, the other unmarked and below both.
  EXPECT_EQ(value(nodule.measures, "wafroc"), (0.5 + 0.0) / 2.0);
  EXPECT_EQ(value(nodule.measures, "max_nlf"), 3.0 / 4.0);
}

TEST(Subjects, ImagesLabelledWithoutABoxTakeNoPartInFreeResponse) {
  // d now shows a nodule that nobody drew, or nobody knows whether it does.
  for (const Label label : {Label::positive, Label::unknown}) {
    Dataset data = toy::dataset();
    data.records[3].labels[0] = label;
    const Evaluation evaluation = evaluate(data, nodules_on_all(), options(0));
    const LocalizationScores& nodule = evaluation.localization.at(0).findings.at(0);
    EXPECT_EQ(nodule.normals, 1U);
    EXPECT_EQ(value(nodule.measures, "wafroc"), (1.0 + 0.0) / 2.0);
  }
}

TEST(Subjects, MethodsWithoutPeaksOrBoxesLackTheMeasuresOfThem) {
  Subjects subjects = nodules_on_all();
  for (FindingLocalization& result : subjects.methods[0].results) result.peak.reset();
  Evaluation evaluation = evaluate(toy::dataset(), subjects, options(0));
  EXPECT_TRUE(std::isnan(value(evaluation.localization[0].mean, "pointing")));
  EXPECT_EQ(value(evaluation.localization[0].mean, "iou.0.5"), 0.5);

  subjects = nodules_on_all();
  subjects.methods[0].draws_boxes = false;
  evaluation = evaluate(toy::dataset(), subjects, options(0));
  EXPECT_EQ(value(evaluation.localization[0].mean, "pointing"), 0.5);
  EXPECT_TRUE(std::isnan(value(evaluation.localization[0].mean, "iou.0.5")));
  EXPECT_TRUE(evaluation.localization[0].findings[0].froc.empty());
}

TEST(Subjects, MasksAreScoredInTheTruthsSize) {
  Dataset data = toy::dataset();
  // Segmented alone, not boxed: a nodule of 2 x 2 of 10 x 10 pixels on a, nothing on b, which is
  // segmented for its heart.
  for (const std::size_t image : {0U, 1U}) data.records[image].boxes.clear();
  data.records[0].masks = {{0, Mask::from_box(10, 10, {1, 1, 2, 2})}};
  data.records[1].masks = {{1, Mask::from_box(10, 10, {0, 0, 5, 5})}};
  Subjects subjects = nodules_on_all();
  subjects.methods[0].draws_masks = true;
  // Two pixels of which one is right: 1 / 5; and on b one that is invented. The peak of a is at
  // (15, 15) of 100: pixel (1, 1) of 10.
  subjects.methods[0].results[0].mask = Mask::from_box(10, 10, {2, 1, 2, 1});
  subjects.methods[0].results[1].mask = Mask::from_box(10, 10, {7, 7, 1, 1});
  const Evaluation evaluation = evaluate(data, subjects, options(0));
  EXPECT_EQ(evaluation.masks, 1U);  // of the nodule, the one finding that is scored
  const LocalizationScores& nodule = evaluation.localization.at(0).findings.at(0);
  EXPECT_EQ(nodule.masks, 1U);
  EXPECT_DOUBLE_EQ(value(nodule.measures, "mask_iou"), 1.0 / 5.0);
  EXPECT_DOUBLE_EQ(value(nodule.measures, "mask_iou_all"), (1.0 / 5.0 + 0.0) / 2.0);
  EXPECT_EQ(value(nodule.measures, "hit_rate"), 1.0);
}

TEST(Subjects, ThresholdsDecide) {
  Subjects subjects;
  subjects.classifiers.push_back({"network", toy::predictions(), {0.5, 0.5, 0.75}});
  const Evaluation evaluation = evaluate(toy::dataset(), subjects, options(0));
  // Nodules: a .9 and c .7 are positive, b .8 and d .1 negative.
  const ClassificationScores& nodule = evaluation.classification.at(0).findings.at(1);
  EXPECT_EQ(nodule.threshold, 0.75);
  EXPECT_EQ(value(nodule.measures, "sensitivity"), 0.5);
  EXPECT_EQ(value(nodule.measures, "specificity"), 0.5);
  EXPECT_EQ(evaluation.classification[0].findings[0].threshold, 0.5);
}

TEST(Subjects, ImagesWithoutAProbabilityTakeNoPart) {
  Subjects subjects;
  subjects.classifiers.push_back({"network", toy::predictions(), {}});
  subjects.classifiers[0].predictions.probabilities[2 * 3 + toy::kNodule] = kNotPredicted;  // b
  const Evaluation evaluation = evaluate(toy::dataset(), subjects, options(0));
  const ClassificationScores& nodule = evaluation.classification.at(0).findings.at(1);
  EXPECT_EQ(nodule.negatives, 1U);
  EXPECT_EQ(value(nodule.measures, "auroc"), 1.0);  // only d is left, below both
}

const Comparison* comparison(const Evaluation& evaluation, const std::string& finding,
                             const std::string& measure) {
  for (const Comparison& row : evaluation.comparisons)
    if (row.finding == finding && row.measure == measure) return &row;
  return nullptr;
}

TEST(Subjects, ClassifiersAreComparedWithTheFirst) {
  Subjects subjects;
  subjects.classifiers.push_back({"a", toy::predictions(), {}});
  subjects.classifiers.push_back({"b", toy::predictions(), {}});
  // The second ranks the nodule of c, .7, below d, .1: 1 + 1 + 0 + 0 of 4 pairs for 3 of 4.
  subjects.classifiers[1].predictions.probabilities[1 * 3 + toy::kNodule] = 0.05F;
  const Evaluation evaluation = evaluate(toy::dataset(), subjects, options(200));
  ASSERT_EQ(evaluation.classification.size(), 2U);
  const Comparison* nodule = comparison(evaluation, "Nodule", "auroc");
  ASSERT_NE(nodule, nullptr);
  EXPECT_EQ(nodule->difference->value, 0.75 - 0.5);
  EXPECT_TRUE(nodule->p && nodule->p_holm && nodule->p_delong && nodule->p_delong_holm);
  // Of two findings the smaller p is doubled.
  const Comparison* heart = comparison(evaluation, "Cardiomegaly", "auroc");
  EXPECT_EQ(heart->p, 1.0);
  EXPECT_EQ(nodule->p_holm, std::min(1.0, 2.0 * *nodule->p));
  EXPECT_EQ(heart->p_delong, 1.0);
  EXPECT_FALSE(comparison(evaluation, "mean", "auroc")->p_holm.has_value());
  EXPECT_EQ(comparison(evaluation, "Nodule", "brier"), nullptr);
  EvaluationOptions everything = options(2);
  everything.compare_everything = true;
  EXPECT_NE(comparison(evaluate(toy::dataset(), subjects, everything), "Nodule", "brier"), nullptr);
}

TEST(Subjects, StrataHoldTheirPartOfImagesAndBoxes) {
  Dataset data = toy::dataset();
  data.records[0].view = ViewPosition::pa;
  for (const std::size_t i : {1U, 2U, 3U}) data.records[i].view = ViewPosition::ap;
  Subjects subjects;
  subjects.classifiers.push_back({"network", toy::predictions(), {}});
  subjects.findings = toy::predictions().findings;
  subjects.localized = toy::boxed();
  subjects.methods = {toy::method()};
  const Evaluation evaluation = evaluate(data, subjects, options(0));
  const auto find = [&](bool classifies, const std::string& name) -> const StratumScores& {
    for (const StratumScores& stratum : evaluation.strata)
      if (stratum.classifies == classifies && stratum.stratum == name) return stratum;
    ADD_FAILURE() << name;
    return evaluation.strata.front();
  };
  // AP: b, c, d. Nodules: c .7 against b .8 and d .1; hearts: b .7 and c .6 against d .2.
  const StratumScores& ap = find(true, "AP");
  EXPECT_EQ(ap.images, 3U);
  EXPECT_EQ(value(ap.mean, "auroc"), (0.5 + 1.0) / 2.0);
  // PA is image a alone: no AUROC, but the pointing game of its nodule.
  EXPECT_EQ(value(find(false, "PA").mean, "pointing"), 1.0);
  EXPECT_EQ(find(false, "PA").findings.size(), 1U);
  EXPECT_EQ(find(false, "PA").findings[0].count, 1U);
  // Areas .01, .01, .36, 1: terciles at .01 and .36. Two nodules are small, one is found.
  ASSERT_EQ(evaluation.size_limits.size(), 2U);
  const StratumScores& small = find(false, "small");
  EXPECT_EQ(small.findings.size(), 1U);
  EXPECT_EQ(small.findings[0].count, 2U);
  EXPECT_EQ(value(small.pooled, "pointing"), 0.5);
  EXPECT_EQ(value(find(false, "large").pooled, "mean_iou"), 0.5);
}

TEST(Subjects, TablesSayOracle) {
  Subjects subjects = nodules_on_all();
  subjects.classifiers.push_back({"network", toy::predictions(), {}});
  const Dataset data = toy::dataset();
  subjects.methods.push_back(centre_box_control(data, subjects.localized, 1));
  EvaluationOptions asked = options(3);
  asked.oracle = {"the thresholds were fitted here"};
  asked.per_image = asked.keep_resamples = true;
  const Evaluation evaluation = evaluate(data, subjects, asked);
  const std::string table = to_table(evaluation);
  EXPECT_NE(table.find("ORACLE: the thresholds were fitted here"), std::string::npos);
  EXPECT_NE(table.find("network (ORACLE)"), std::string::npos);
  EXPECT_NE(table.find("boxes (ORACLE)"), std::string::npos);
  EXPECT_EQ(table.find("fixed centre box (ORACLE)"), std::string::npos);
  for (const std::string& csv :
       {summary_csv(evaluation), per_image_csv(data, evaluation), per_resample_csv(evaluation)}) {
    EXPECT_NE(csv.find("boxes (ORACLE)"), std::string::npos);
    EXPECT_EQ(csv.find("\nboxes,"), std::string::npos);
  }
}

TEST(Subjects, EveryImageHasARowAndEveryResampleToo) {
  Subjects subjects = nodules_on_all();
  EvaluationOptions asked = options(5);
  asked.per_image = asked.keep_resamples = true;
  const Dataset data = toy::dataset();
  const Evaluation evaluation = evaluate(data, subjects, asked);
  const std::string images = per_image_csv(data, evaluation);
  EXPECT_NE(images.find("\nboxes,a.png,anna,Nodule,,,1,1,1.000000,1,\n"), std::string::npos)
      << images;
  EXPECT_NE(images.find("\nboxes,d.png,cora,Nodule,,,0,1,,,\n"), std::string::npos) << images;
  const std::string resamples = per_resample_csv(evaluation);
  EXPECT_TRUE(resamples.starts_with("resample,boxes|Nodule|pointing,")) << resamples;
  EXPECT_EQ(std::count(resamples.begin(), resamples.end(), '\n'), 6);
}

}  // namespace
}  // namespace chestmap
