#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "metrics/false_positives.h"
#include "metrics/localization_accuracy.h"
#include "metrics/mean_iou.h"
#include "metrics/measures.h"
#include "metrics/pointing_game.h"
#include "metrics/ratio.h"

namespace chestmap {
namespace {

// Two true boxes. The first detected box covers the left half of the first: IoU 50/100, IoBB 50/50.
// The second meets the second true box in a quarter of itself: IoU 25/175, IoBB 25/100. The third
// meets nothing.
const std::vector<Box> kTruth = {{0, 0, 10, 10}, {100, 100, 10, 10}};
const std::vector<ScoredBox> kDetected = {
    {{0, 0, 5, 10}, 3.0}, {{105, 105, 10, 10}, 2.0}, {{50, 50, 4, 4}, 1.0}};
const LocalizationCase kCase{kTruth, kDetected, {2.0, 3.0}, 5};
const LocalizationCase kNothingFound{kTruth, {}, {50.0, 50.0}, 5};

TEST(LocalizationAccuracy, CountsTheBoxesMetAboveTheThreshold) {
  const Fraction low = localization_accuracy(kCase, Overlap::iou, 0.1);
  EXPECT_EQ(low.numerator, 2.0);  // 0.5 and 0.143
  EXPECT_EQ(low.denominator, 2.0);
  EXPECT_EQ(localization_accuracy(kCase, Overlap::iou, 0.4).numerator, 1.0);
  EXPECT_EQ(localization_accuracy(kCase, Overlap::iobb, 0.9).numerator, 1.0);
  EXPECT_EQ(localization_accuracy(kNothingFound, Overlap::iou, 0.1).numerator, 0.0);
  EXPECT_EQ(localization_accuracy(kNothingFound, Overlap::iou, 0.1).denominator, 2.0);
}

TEST(LocalizationAccuracy, AnOverlapOfExactlyTheThresholdIsNotAboveIt) {
  EXPECT_EQ(localization_accuracy(kCase, Overlap::iou, 0.5).numerator, 0.0);
  EXPECT_EQ(localization_accuracy(kCase, Overlap::iobb, 0.25).numerator, 1.0);
  EXPECT_EQ(localization_accuracy(kCase, Overlap::iobb, 1.0).numerator, 0.0);
}

TEST(LocalizationAccuracy, OneDetectedBoxMayMeetTwoTrueOnes) {
  const std::vector<Box> truth = {{0, 0, 10, 5}, {0, 5, 10, 5}};
  const std::vector<ScoredBox> detected = {{{0, 0, 10, 10}, 1.0}};  // IoU 50/100 with both
  EXPECT_EQ(localization_accuracy({truth, detected, {}, 2}, Overlap::iou, 0.4).numerator, 2.0);
}

TEST(FalsePositives, AreTheDetectedBoxesThatMeetNoTrueBox) {
  const Fraction low = false_positives(kCase, Overlap::iou, 0.1);
  EXPECT_EQ(low.numerator, 1.0);    // the third
  EXPECT_EQ(low.denominator, 5.0);  // boxes of all findings in the image
  EXPECT_EQ(false_positives(kCase, Overlap::iou, 0.4).numerator, 2.0);
  EXPECT_EQ(false_positives(kCase, Overlap::iou, 0.5).numerator, 3.0);  // strictly above
}

TEST(FalsePositives, AreAllDetectedBoxesWhereTheImageHasNoBoxOfTheFinding) {
  const Fraction share = false_positives({{}, kDetected, {}, 1}, Overlap::iobb, 0.1);
  EXPECT_EQ(share.numerator, 3.0);
  EXPECT_EQ(share.denominator, 1.0);
}

TEST(MeanIou, AveragesTheBestOverlapOfEachTrueBox) {
  const Fraction share = mean_iou(kCase);
  EXPECT_EQ(share.numerator, 0.5 + 25.0 / 175.0);
  EXPECT_EQ(share.denominator, 2.0);
  EXPECT_EQ(mean_iou(kNothingFound).numerator, 0.0);
}

TEST(PointingGame, CountsAnImageOnceWhereThePeakIsInAnyBox) {
  EXPECT_EQ(pointing_game(kCase).numerator, 1.0);
  EXPECT_EQ(pointing_game(kCase).denominator, 1.0);
  EXPECT_EQ(pointing_game({kTruth, {}, {109.9, 100.0}, 2}).numerator, 1.0);
  EXPECT_EQ(pointing_game({kTruth, {}, {110.0, 100.0}, 2}).numerator, 0.0);  // half-open
}

TEST(PointingGame, LeavesOutImagesWithoutABoxOfTheFinding) {
  EXPECT_EQ(pointing_game({{}, {}, {1.0, 1.0}, 2}).denominator, 0.0);
}

TEST(RatioOfSums, WeighsImagesAsRepetitionDoes) {
  RatioOfSums ratio;
  ratio.add(0, {1.0, 2.0});
  ratio.add(1, {0.0, 3.0});
  ratio.add(2, {0.0, 0.0});
  EXPECT_EQ(ratio.value().value(), 1.0 / 5.0);
  EXPECT_EQ(ratio.value(std::vector<double>{3, 1, 7}).value(), 3.0 / 9.0);
  EXPECT_FALSE(ratio.value(std::vector<double>{0, 0, 1}).has_value());
}

TEST(Registry, NamesAreUniqueAndCarryTheirThresholds) {
  std::set<std::string> names;
  for (const LocalizationMeasure& measure : localization_measures()) names.insert(measure.name);
  for (const ClassificationMeasure& measure : classification_measures()) names.insert(measure.name);
  EXPECT_EQ(names.size(), localization_measures().size() + classification_measures().size());
  for (const char* name : {"pointing", "mean_iou", "iou.0.1", "iou.0.7", "iobb.0.25", "iobb.0.9",
                           "afp_iou.0.3", "afp_iobb.0.75", "auroc", "average_precision"})
    EXPECT_TRUE(names.contains(name)) << name;
}

TEST(Registry, EntriesCallTheirMeasureWithTheirThreshold) {
  const auto counted = [](const std::string& name) {
    for (const LocalizationMeasure& measure : localization_measures())
      if (measure.name == name) return measure.share(kCase).numerator;
    return -1.0;
  };
  EXPECT_EQ(counted("pointing"), 1.0);
  EXPECT_EQ(counted("iou.0.1"), 2.0);
  EXPECT_EQ(counted("iou.0.5"), 0.0);
  EXPECT_EQ(counted("iobb.0.75"), 1.0);
  EXPECT_EQ(counted("afp_iou.0.1"), 1.0);
  EXPECT_EQ(counted("afp_iobb.0.9"), 2.0);
}

}  // namespace
}  // namespace chestmap
