#include "data/consensus.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"

namespace chestmap {
namespace {

TEST(Consensus, AMajorityIsMoreThanHalf) {
  EXPECT_TRUE(is_majority(1, 1));
  EXPECT_FALSE(is_majority(1, 2));
  EXPECT_TRUE(is_majority(2, 3));
  EXPECT_FALSE(is_majority(2, 4));
  EXPECT_TRUE(is_majority(3, 5));
}

TEST(Consensus, TwoOfThreeReadersGiveTheMeanOfTheirCorners) {
  // IoU of the first two: intersection 9 x 10, union 2 * 100 - 90 = 110; 90 / 110 = 0.82 > 0.5.
  const std::vector<ReaderBox> boxes = {
      {0, {0, 0, 10, 10}}, {1, {1, 0, 10, 10}}, {2, {50, 50, 10, 10}}};
  // Left (0 + 1) / 2, right (10 + 11) / 2.
  EXPECT_EQ(consensus_boxes(boxes, 3), (std::vector<Box>{{0.5, 0, 10, 10}}));
}

TEST(Consensus, AtAnIouOfHalfBoxesDoNotAgree) {
  // Intersection 10 x 20 = 200, union 400 - 0 = 400: exactly one half.
  const std::vector<ReaderBox> at = {{0, {0, 0, 20, 20}}, {1, {0, 0, 10, 20}}};
  EXPECT_TRUE(consensus_boxes(at, 2).empty());
  // 11 x 20 of 400 is above.
  const std::vector<ReaderBox> above = {{0, {0, 0, 20, 20}}, {1, {0, 0, 11, 20}}};
  EXPECT_EQ(consensus_boxes(above, 2), (std::vector<Box>{{0, 0, 15.5, 20}}));
}

TEST(Consensus, TwoBoxesOfOneReaderAreNoAgreement) {
  const std::vector<ReaderBox> boxes = {{0, {0, 0, 10, 10}}, {0, {0, 0, 10, 10}}};
  EXPECT_TRUE(consensus_boxes(boxes, 3).empty());
}

TEST(Consensus, TheClosestPairIsJoinedFirst) {
  // Reader 1 drew two boxes; the one of IoU 1 with reader 0's box is taken, not the one of 0.82.
  const std::vector<ReaderBox> boxes = {
      {0, {0, 0, 10, 10}}, {1, {1, 0, 10, 10}}, {1, {0, 0, 10, 10}}};
  EXPECT_EQ(consensus_boxes(boxes, 3), (std::vector<Box>{{0, 0, 10, 10}}));
}

TEST(Consensus, OneReaderIsAMajorityOfOne) {
  const std::vector<ReaderBox> boxes = {{0, {5, 5, 10, 10}}, {0, {0, 0, 10, 10}}};
  EXPECT_EQ(consensus_boxes(boxes, 1), (std::vector<Box>{{0, 0, 10, 10}, {5, 5, 10, 10}}));
}

TEST(Consensus, TheOrderOfTheBoxesChangesNothing) {
  RandomStream random{3};
  for (int round = 0; round < 200; ++round) {
    std::vector<ReaderBox> boxes;
    for (std::size_t i = 0; i < 9; ++i)
      boxes.push_back({i % 3,
                       {random.uniform(0, 8), random.uniform(0, 8), random.uniform(8, 20),
                        random.uniform(8, 20)}});
    const std::vector<Box> expected = consensus_boxes(boxes, 3);
    for (int again = 0; again < 3; ++again) {
      shuffle(boxes, random);
      const std::vector<Box> agreed = consensus_boxes(boxes, 3);
      ASSERT_EQ(agreed.size(), expected.size());
      for (std::size_t i = 0; i < agreed.size(); ++i)  // sums in another order: rounding alone
        EXPECT_NEAR(agreed[i].x, expected[i].x, 1e-12);
    }
  }
}

}  // namespace
}  // namespace chestmap
