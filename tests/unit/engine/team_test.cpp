#include "engine/team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace chestmap::engine {
namespace {

TEST(Team, DoesEachItemOnceAndIsDoneWhenItReturns) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{5}}) {
    Team team(size);
    EXPECT_EQ(team.size(), size);
    for (std::size_t round = 0; round < 2000; ++round) {
      std::vector<int> done(round % 40, 0);  // no lock: each item is one thread's
      team.run(done.size(), [&](std::size_t item, std::size_t member) {
        ASSERT_LT(member, size);
        ++done[item];
      });
      ASSERT_EQ(done, std::vector<int>(round % 40, 1)) << size << " threads, round " << round;
    }
  }
}

TEST(Team, MembersDoNotShareANumber) {
  Team team(4);
  std::vector<std::atomic<int>> inside(4);
  std::atomic<int> shared{0};
  for (int round = 0; round < 200; ++round)
    team.run(64, [&](std::size_t /*item*/, std::size_t member) {
      if (inside[member]++ != 0) ++shared;
      --inside[member];
    });
  EXPECT_EQ(shared, 0);
}

}  // namespace
}  // namespace chestmap::engine
