#include "base/cores.h"

#include <gtest/gtest.h>
#include <sched.h>

namespace chestmap {
namespace {

TEST(Cores, OfAControlGroupsQuotaAreRoundedUp) {
  EXPECT_EQ(cores_of_quota("max 100000"), std::nullopt);
  EXPECT_EQ(cores_of_quota("200000 100000"), 2U);
  EXPECT_EQ(cores_of_quota("150000 100000"), 2U);
  EXPECT_EQ(cores_of_quota("50000 100000\n"), 1U);
  EXPECT_EQ(cores_of_quota(""), std::nullopt);
  EXPECT_EQ(cores_of_quota("5"), std::nullopt);
  EXPECT_EQ(cores_of_quota("0 100000"), std::nullopt);
  EXPECT_EQ(cores_of_quota("100000 0"), std::nullopt);
}

TEST(Cores, OutsideOfTheAffinityAreNotCounted) {
  cpu_set_t allowed;
  ASSERT_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
  int first = 0;
  while (!CPU_ISSET(first, &allowed)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(available_cores(), 1U);
  ASSERT_EQ(sched_setaffinity(0, sizeof allowed, &allowed), 0);
}

}  // namespace
}  // namespace chestmap
