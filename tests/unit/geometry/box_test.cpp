#include "geometry/box.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace chestmap {
namespace {

Box random_box(RandomStream& stream) {
  return {stream.uniform(-10.0, 50.0), stream.uniform(-10.0, 50.0), stream.uniform(0.0, 40.0),
          stream.uniform(0.0, 40.0)};
}

TEST(Box, ContainsIsHalfOpen) {
  const Box box{2, 3, 4, 5};
  EXPECT_TRUE(box.contains(2, 3));
  EXPECT_TRUE(box.contains(5.999, 7.999));
  EXPECT_FALSE(box.contains(6, 5));
  EXPECT_FALSE(box.contains(4, 8));
  EXPECT_FALSE(box.contains(1.999, 5));
}

TEST(Box, OverlapOfTwoSquaresShiftedByHalfASide) {
  const Box a{0, 0, 4, 4};
  const Box b{2, 2, 4, 4};
  EXPECT_EQ(intersection_area(a, b), 4.0);  // 2 x 2
  EXPECT_EQ(iou(a, b), 4.0 / 28.0);         // 16 + 16 - 4
  EXPECT_EQ(iobb(a, b), 4.0 / 16.0);
}

TEST(Box, IobbDividesByTheDetectedBox) {
  const Box small{1, 1, 2, 2};
  const Box large{0, 0, 10, 10};
  EXPECT_EQ(iobb(small, large), 1.0);
  EXPECT_EQ(iobb(large, small), 4.0 / 100.0);
}

TEST(Box, TouchingBoxesDoNotOverlap) {
  EXPECT_EQ(iou({0, 0, 2, 2}, {2, 0, 2, 2}), 0.0);
  EXPECT_EQ(iobb({0, 0, 2, 2}, {0, 2, 2, 2}), 0.0);
}

TEST(Box, BoxesApartInBothDirectionsDoNotOverlap) {
  // Both sides of the overlap would be -1, and their product +1.
  EXPECT_EQ(intersection_area({0, 0, 1, 1}, {2, 2, 1, 1}), 0.0);
}

TEST(Box, EmptyBoxesHaveNoOverlapMeasure) {
  EXPECT_EQ(iou({}, {}), 0.0);
  EXPECT_EQ(iobb({1, 1, 0, 5}, {0, 0, 9, 9}), 0.0);
}

TEST(Box, IouIsSymmetricAndBothMeasuresLieInTheUnitInterval) {
  RandomStream stream{1};
  for (int i = 0; i < 2000; ++i) {
    const Box a = random_box(stream);
    const Box b = random_box(stream);
    EXPECT_EQ(iou(a, b), iou(b, a));
    for (const double value : {iou(a, b), iobb(a, b), iou(a, a), iobb(a, a)}) {
      EXPECT_GE(value, 0.0);
      EXPECT_LE(value, 1.0);
    }
    EXPECT_LE(iou(a, b), iobb(a, b) + 1e-12);  // equal, but for rounding, where `a` holds `b`
    EXPECT_NEAR(iou(a, a), 1.0, 1e-9);         // x + width - x rounds
  }
}

TEST(Box, OverlapAgreesWithCountingPixels) {
  RandomStream stream{2};
  for (int i = 0; i < 100; ++i) {
    const auto whole = [&stream] { return static_cast<double>(stream.below(12)); };
    const Box a{whole(), whole(), whole(), whole()};
    const Box b{whole(), whole(), whole(), whole()};
    int shared = 0;
    int joined = 0;
    for (int y = 0; y < 24; ++y)
      for (int x = 0; x < 24; ++x) {
        const bool in_a = a.contains(x, y);
        const bool in_b = b.contains(x, y);
        shared += static_cast<int>(in_a && in_b);
        joined += static_cast<int>(in_a || in_b);
      }
    EXPECT_EQ(intersection_area(a, b), shared);
    EXPECT_EQ(iou(a, b), joined == 0 ? 0.0 : static_cast<double>(shared) / joined);
  }
}

TEST(Box, ClippingKeepsThePartInTheFrame) {
  EXPECT_EQ(clipped({-2, -3, 10, 10}, 5, 20), (Box{0, 0, 5, 7}));
  EXPECT_EQ(clipped({1, 2, 3, 4}, 5, 20), (Box{1, 2, 3, 4}));
  EXPECT_EQ(clipped({30, 2, 3, 4}, 5, 20).area(), 0.0);
}

TEST(Box, ScalingChangesEachDirectionByItsOwnFactor) {
  EXPECT_EQ(scaled({8, 8, 16, 4}, 0.25, 2.0), (Box{2, 16, 4, 8}));
}

}  // namespace
}  // namespace chestmap
