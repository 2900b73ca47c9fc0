#include <gtest/gtest.h>

#include <vector>

#include "metrics/hit_rate.h"
#include "metrics/mask_dice.h"
#include "metrics/mask_iou.h"
#include "metrics/measures.h"
#include "metrics/ratio.h"
#include "metrics/size_strata.h"

namespace chestmap {
namespace {

// A truth of 2 x 2 pixels, of which a detection of 2 x 1 covers one.
const Mask kTruth = Mask::from_box(8, 8, {2, 2, 2, 2});
const Mask kDetected = Mask::from_box(8, 8, {3, 3, 2, 1});
const Mask kNone(8, 8);

TEST(MaskIou, WorkedExample) {
  EXPECT_EQ(mask_iou({kTruth, kDetected, {}}).numerator, 1.0 / 5.0);  // 4 + 2 - 1
  EXPECT_EQ(mask_iou({kTruth, kDetected, {}}).denominator, 1.0);
  EXPECT_EQ(mask_iou_all({kTruth, kDetected, {}}).numerator, 1.0 / 5.0);
}

TEST(MaskIou, LeavesOutMissesAndFalseMasksOrCountsThemAsZero) {
  EXPECT_EQ(mask_iou({kTruth, kNone, {}}).denominator, 0.0);
  EXPECT_EQ(mask_iou({kNone, kDetected, {}}).denominator, 0.0);
  for (const MaskCase& image : {MaskCase{kTruth, kNone, {}}, MaskCase{kNone, kDetected, {}}}) {
    EXPECT_EQ(mask_iou_all(image).numerator, 0.0);
    EXPECT_EQ(mask_iou_all(image).denominator, 1.0);
  }
  EXPECT_EQ(mask_iou_all({kNone, kNone, {}}).denominator, 0.0);
}

TEST(MaskDice, WorkedExample) {
  EXPECT_EQ(mask_dice({kTruth, kDetected, {}}).numerator, 2.0 / 6.0);
  EXPECT_EQ(mask_dice({kTruth, kNone, {}}).numerator, 0.0);
  EXPECT_EQ(mask_dice({kTruth, kNone, {}}).denominator, 1.0);
  EXPECT_EQ(mask_dice({kNone, kDetected, {}}).denominator, 0.0);
}

TEST(HitRate, WorkedExample) {
  RatioOfSums ratio;
  ratio.add(0, hit_rate({kTruth, kNone, Point{3.9, 2.0}}));
  ratio.add(1, hit_rate({kTruth, kNone, Point{4.0, 2.0}}));
  ratio.add(2, hit_rate({kNone, kNone, Point{3.0, 3.0}}));
  EXPECT_EQ(ratio.value(), 1.0 / 2.0);
  EXPECT_EQ(ratio.value(std::vector<double>{3, 1, 9}), 3.0 / 4.0);
  EXPECT_EQ(hit_rate({kTruth, kDetected, {}}).denominator, 1.0);  // no map: a miss
  EXPECT_EQ(hit_rate({kTruth, kDetected, {}}).numerator, 0.0);
}

TEST(MaskMeasures, AreRegistered) {
  const MaskCase image{kTruth, kDetected, Point{2.5, 2.5}};
  std::vector<double> values;
  for (const MaskMeasure& measure : mask_measures())
    values.push_back(measure.share(image).numerator);
  EXPECT_EQ(values, (std::vector<double>{1.0 / 5.0, 1.0 / 5.0, 1.0, 2.0 / 6.0}));
}

TEST(SizeStrata, WorkedExample) {
  const auto strata = size_strata(std::vector<double>{7, 1, 6, 2, 5, 3, 4});
  ASSERT_TRUE(strata);
  EXPECT_EQ(strata->small_most, 3.0);
  EXPECT_EQ(strata->medium_most, 5.0);
  EXPECT_EQ(strata->of(3.0), FindingSize::small);
  EXPECT_EQ(strata->of(3.1), FindingSize::medium);
  EXPECT_EQ(strata->of(5.0), FindingSize::medium);
  EXPECT_EQ(strata->of(5.1), FindingSize::large);
}

TEST(SizeStrata, AreThirdsOfDistinctAreas) {
  for (std::size_t thirds = 1; thirds < 400; thirds += 7) {
    std::vector<double> areas;
    for (std::size_t i = 0; i < 3 * thirds; ++i) areas.push_back(static_cast<double>(i) * 0.37);
    const auto strata = size_strata(areas);
    std::vector<std::size_t> counts(3);
    for (const double area : areas) ++counts[static_cast<std::size_t>(strata->of(area))];
    EXPECT_EQ(counts, std::vector<std::size_t>(3, thirds));
  }
  EXPECT_FALSE(size_strata(std::vector<double>{1, 2}).has_value());
}

}  // namespace
}  // namespace chestmap
