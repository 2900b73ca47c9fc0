#include "distributed/gradient_buckets.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/autograd.h>

#include <stdexcept>

#include "ranks.h"

namespace chestmap {
namespace {

using Plan = std::vector<std::vector<std::size_t>>;

Plan plan(const std::vector<std::size_t>& bytes, std::size_t limit) {
  return plan_buckets(bytes, limit);
}

TEST(PlanBuckets, ClosesABucketOnceItIsFullAndTheFirstAtAQuarter) {
  EXPECT_EQ(plan({}, 100), Plan{});
  EXPECT_EQ(plan({10, 10, 10, 40, 60, 5}, 100), (Plan{{0, 1, 2}, {3, 4}, {5}}));
  EXPECT_EQ(plan({500, 500, 1}, 100), (Plan{{0}, {1}, {2}}));
  EXPECT_EQ(plan({1, 1, 1}, 1000), (Plan{{0, 1, 2}}));
  EXPECT_EQ(plan({1, 1}, 1), (Plan{{0}, {1}}));
}

/// Some parameters, one of which never takes part, and a function of them that depends on the rank.
struct Net {
  std::vector<at::Tensor> parameters;

  Net() {
    for (const std::int64_t size : {40, 3, 17, 64}) {
      at::Tensor p = at::linspace(-1.0, 1.0, size);
      if (size == 64) p = p.view({4, 4, 2, 2}).contiguous(at::MemoryFormat::ChannelsLast);
      parameters.push_back(p.set_requires_grad(true));
    }
  }

  [[nodiscard]] at::Tensor loss(int rank, int step) const {
    const double scale = 1.0 + rank + 0.5 * step;
    return scale * (parameters[0].square().sum() * parameters[2].exp().sum()) +
           (scale + 2.0) * parameters[3].sin().sum();
  }
};

TEST(GradientBuckets, GradientsAreTheSumsOverTheRanksInEveryStep) {
  for (const std::size_t bucket : {std::size_t{1}, std::size_t{100}, std::size_t{1} << 20U})
    test::with_ranks(3, [&](Communicator& ranks) {
      const Net net;
      GradientBuckets buckets(net.parameters, ranks, bucket);
      for (int step = 0; step < 3; ++step) {
        buckets.start();
        net.loss(ranks.rank(), step).backward();
        buckets.finish();
        const Net reference;
        for (int r = 0; r < 3; ++r) reference.loss(r, step).backward();
        EXPECT_FALSE(net.parameters[1].grad().defined());
        for (const std::size_t i : {0U, 2U, 3U}) {
          // Three addends in another order: single precision's rounding.
          EXPECT_TRUE(
              at::allclose(net.parameters[i].grad(), reference.parameters[i].grad(), 1e-5, 1e-5));
          EXPECT_EQ(net.parameters[i].grad().strides(), net.parameters[i].strides());
        }
      }
      EXPECT_EQ(buckets.traffic().steps, 3);
      EXPECT_EQ(buckets.traffic().payload, 3 * 4 * (40 + 17 + 64));
      EXPECT_DOUBLE_EQ(buckets.traffic().sent(3), 4.0 / 3.0 * 3 * 4 * (40 + 17 + 64));
      EXPECT_EQ(buckets.traffic().buckets, bucket == 1 ? 3U : bucket == 100 ? 2U : 1U);
      EXPECT_LE(buckets.traffic().behind_backward, buckets.traffic().exchanging);
      EXPECT_GT(buckets.traffic().exchanging, 0.0);
    });
}

TEST(GradientBuckets, AnotherSetOfGradientsThanTheFirstStepsIsNoticed) {
  test::with_ranks(2, [](Communicator& ranks) {
    const Net net;
    GradientBuckets buckets(net.parameters, ranks, 100);
    buckets.start();
    net.loss(ranks.rank(), 0).backward();
    buckets.finish();
    buckets.start();
    EXPECT_THROW(net.parameters[1].sum().backward(), std::logic_error);
    buckets.start();
    EXPECT_THROW(buckets.finish(), std::logic_error);
  });
}

TEST(GradientBuckets, LeavesItsParametersWhenItGoes) {
  const Net net;
  Communicator alone;
  {
    GradientBuckets buckets(net.parameters, alone, 100);
    buckets.start();
    net.loss(0, 0).backward();
    buckets.finish();
  }
  // Its hooks would write into memory that is gone.
  for (const at::Tensor& parameter : net.parameters) parameter.mutable_grad().reset();
  (net.loss(0, 0) + net.parameters[1].sum()).backward();
  EXPECT_TRUE(net.parameters[1].grad().defined());
}

}  // namespace
}  // namespace chestmap
