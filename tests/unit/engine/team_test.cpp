#include "engine/team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
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

/// What a member wrote for one layer lies in its cache for the next.
TEST(Team, MembersBeginWithTheirOwnShareOfTheItemsAndThenHelp) {
  Team team(2);
  std::vector<std::size_t> of_second;
  std::atomic<std::size_t> taken{0};
  std::atomic<int> of_first{0};
  team.run(8, [&](std::size_t item, std::size_t member) {
    if (member == 1) {
      of_second.push_back(item);
      ++taken;
      return;
    }
    ++of_first;
    // The caller's first item lasts until the other has taken all that is left.
    while (taken < 7) std::this_thread::yield();
  });
  EXPECT_EQ(of_first, 1);
  EXPECT_EQ(of_second, (std::vector<std::size_t>{4, 5, 6, 7, 1, 2, 3}));
}

}  // namespace
}  // namespace chestmap::engine
