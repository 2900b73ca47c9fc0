#include "train/schedule.h"

#include <gtest/gtest.h>

namespace chestmap {
namespace {

TEST(Schedule, WarmsUpInEqualStepsThatEndBelowTheFullRate) {
  const Schedule schedule{"constant", 4.0, 100.0};
  for (std::int64_t step = 0; step < 4; ++step)
    EXPECT_DOUBLE_EQ(schedule.factor(step), static_cast<double>(step + 1) / 5.0);
  EXPECT_EQ(schedule.factor(4), 1.0);
  EXPECT_EQ(schedule.factor(99), 1.0);
}

TEST(Schedule, CosineFallsFromOneAtTheWarmUpsEndThroughAHalfToZero) {
  const Schedule schedule{"cosine", 10.0, 110.0};
  EXPECT_EQ(schedule.factor(10), 1.0);
  EXPECT_NEAR(schedule.factor(60), 0.5, 1e-12);
  // A sixth of the way the cosine of 30 degrees, sqrt(3) / 2.
  EXPECT_NEAR(Schedule({"cosine", 0.0, 60.0}).factor(10), 0.5 * (1.0 + 0.8660254037844386), 1e-12);
  EXPECT_NEAR(schedule.factor(110), 0.0, 1e-12);
  EXPECT_NEAR(schedule.factor(500), 0.0, 1e-12);
}

TEST(Schedule, WithoutWarmUpBeginsAtTheFullRate) {
  EXPECT_EQ(Schedule({"cosine", 0.0, 50.0}).factor(0), 1.0);
  EXPECT_EQ(Schedule({"plateau", 0.0, 50.0}).factor(49), 1.0);
}

TEST(Schedule, ARunThatEndsWithinItsWarmUpNeverReachesTheFullRate) {
  const Schedule schedule{"cosine", 20.0, 10.0};
  for (std::int64_t step = 0; step < 10; ++step) EXPECT_LT(schedule.factor(step), 0.5);
}

}  // namespace
}  // namespace chestmap
