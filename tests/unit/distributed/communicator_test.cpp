#include "distributed/communicator.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <mutex>
#include <string>

#include "base/error.h"
#include "ranks.h"

namespace chestmap {
namespace {

using test::with_ranks;

TEST(Communicator, AloneLeavesEverythingAsItIs) {
  Communicator alone;
  EXPECT_TRUE(alone.leads());
  EXPECT_EQ(alone.ranks(), 1);
  const at::Tensor values = at::tensor({1.0, 2.0});
  alone.sum(values);
  alone.broadcast(values);
  EXPECT_TRUE(at::equal(values, at::tensor({1.0, 2.0})));
  EXPECT_TRUE(at::equal(alone.gather_rows(values), values));
  EXPECT_EQ(alone.broadcast("text"), "text");
  EXPECT_EQ(alone.gather("text"), std::vector<std::string>{"text"});
}

TEST(Communicator, SumsAreTheSameBitsOnEachRank) {
  constexpr int kRanks = 3;
  std::vector<at::Tensor> sums(kRanks);
  with_ranks(kRanks, [&](Communicator& ranks) {
    const at::Tensor values = at::linspace(0.1, 1.7, 1001) * (1.0 + 0.37 * ranks.rank());
    auto first = ranks.start_sum(values);
    const at::Tensor whole = at::full({2}, ranks.rank() + 1, at::kLong);
    ranks.sum(whole);
    first.wait();
    EXPECT_LE(first.began(), first.ended());
    EXPECT_EQ(whole[1].item<std::int64_t>(), 1 + 2 + 3);
    sums[static_cast<std::size_t>(ranks.rank())] = values;
  });
  // 1 + 1.37 + 1.74 of the values; single precision.
  EXPECT_TRUE(at::allclose(sums[0], at::linspace(0.1, 1.7, 1001) * 4.11, 1e-5, 1e-5));
  for (const at::Tensor& sum : sums) EXPECT_TRUE(at::equal(sum, sums[0]));
}

TEST(Communicator, BroadcastsWhatRankZeroHas) {
  with_ranks(2, [](Communicator& ranks) {
    const at::Tensor values = at::full({3}, ranks.rank());
    ranks.broadcast(values);
    EXPECT_EQ(values.sum().item<double>(), 0.0);
    EXPECT_EQ(ranks.broadcast(ranks.leads() ? std::string("a\0b", 3) : "ignored"),
              std::string("a\0b", 3));
    EXPECT_EQ(ranks.broadcast(ranks.leads() ? std::string() : "ignored"), "");
  });
}

TEST(Communicator, GathersRowsOfDifferentNumbersInTheOrderOfTheRanks) {
  with_ranks(3, [](Communicator& ranks) {
    // 0, 2 and 4 rows.
    const int own = 2 * ranks.rank();
    const at::Tensor all = ranks.gather_rows(at::full({own, 2}, 10.0 * ranks.rank()));
    EXPECT_TRUE(at::equal(all.select(1, 1), at::tensor({10.F, 10.F, 20.F, 20.F, 20.F, 20.F})));
    EXPECT_EQ(ranks.gather_rows(at::zeros({0, 2})).size(0), 0);
    const std::vector<std::string> texts =
        ranks.gather(std::string(static_cast<std::size_t>(own), 'x'));
    EXPECT_EQ(texts, (std::vector<std::string>{"", "xx", "xxxx"}));
  });
}

TEST(Communicator, ARankThatEndedIsAnErrorThatSaysSo) {
  try {
    with_ranks(2, [](Communicator& ranks) {
      if (ranks.rank() == 1) return;
      ranks.sum(at::ones({4}));
    });
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("rank 0 of 2 lost the others"), std::string::npos)
        << error.what();
    EXPECT_NE(error.hint().find("--resume"), std::string::npos);
  }
}

TEST(Communicator, ARankThatDoesNotAnswerIsAnErrorAfterTheTimeout) {
  std::mutex hanging;
  hanging.lock();
  EXPECT_THROW(with_ranks(
                   2,
                   [&](Communicator& ranks) {
                     if (ranks.rank() == 1) {
                       // Until rank 0 has given up.
                       const std::lock_guard wait(hanging);
                       return;
                     }
                     try {
                       ranks.sum(at::ones({4}));
                     } catch (const UserError&) {
                       hanging.unlock();
                       throw;
                     }
                     hanging.unlock();
                   },
                   std::chrono::milliseconds(500)),
               UserError);
}

TEST(Communicator, RanksThatDoNotComeAreAnErrorWithTheAddress) {
  try {
    const Communicator alone(test::place_of(0, 2, free_port()), c10::Device(c10::kCPU),
                             std::chrono::milliseconds(300));
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("rank 0 of 2 did not find the others at 127.0.0.1"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace chestmap
