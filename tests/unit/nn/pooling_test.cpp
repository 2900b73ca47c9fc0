#include "nn/pooling.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/error.h"
#include "nn/device.h"
#include "nn/resample.h"
#include "tensors.h"

namespace chestmap {
namespace {

using test::doubles;

double pooled(const at::Tensor& map, const std::string& pooling, double r = 1.0) {
  return pool(map, pooling_of(pooling), r).item<double>();
}

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

const double kE = std::exp(1.0);

TEST(Pooling, IsItsFormula) {
  const at::Tensor map = doubles({0.0, 1.0, 2.0, 5.0}, {2, 2});
  EXPECT_DOUBLE_EQ(pooled(map, "average"), 2.0);  // (0 + 1 + 2 + 5) / 4
  EXPECT_DOUBLE_EQ(pooled(map, "max"), 5.0);
  EXPECT_NEAR(pooled(map, "lse", 1.0), std::log((1.0 + kE + kE * kE + std::pow(kE, 5)) / 4.0),
              1e-12);
  EXPECT_NEAR(pooled(map, "lse", 2.0),
              std::log((1.0 + std::pow(kE, 2) + std::pow(kE, 4) + std::pow(kE, 10)) / 4.0) / 2.0,
              1e-12);
  const double weights = sigmoid(0.0) + sigmoid(1.0) + sigmoid(2.0) + sigmoid(5.0);
  EXPECT_NEAR(pooled(map, "pcam"),
              (1.0 * sigmoid(1.0) + 2.0 * sigmoid(2.0) + 5.0 * sigmoid(5.0)) / weights, 1e-12);
}

TEST(Pooling, LogSumExpGoesFromAverageToMaximum) {
  const at::Tensor map = doubles({-1.0, 0.5, 2.0, 4.5}, {2, 2});
  // log mean exp(r m) / r = mean + r variance / 2 + O(r^2), and the variance is below 5.
  EXPECT_NEAR(pooled(map, "lse", 1e-4), 1.5, 5e-4);
  // At a large r the largest of 4 cells is left: max - log(4) / r.
  EXPECT_NEAR(pooled(map, "lse", 500.0), 4.5 - std::log(4.0) / 500.0, 1e-9);
  double previous = 1.5;
  for (const double r : {0.1, 1.0, 3.0, 10.0, 100.0}) {
    const double value = pooled(map, "lse", r);
    EXPECT_GT(value, previous) << r;
    EXPECT_LT(value, 4.5) << r;
    previous = value;
  }
}

TEST(Pooling, OfAConstantMapIsTheConstantHoweverLarge) {
  for (const std::string& name : pooling_names())
    for (const double level : {-80.0, -20.0, -3.0, 0.0, 3.0, 80.0}) {
      const at::Tensor map = at::full({4, 4}, level, at::kFloat);
      EXPECT_NEAR(pooled(map, name, 10.0), level, 1e-4) << name;
    }
}

TEST(Pooling, FollowsAShiftOfTheMapUnlessItWeighsByProbability) {
  const at::Tensor map = doubles({-1.0, 0.5, 2.0, 4.5, 0.0, 1.0}, {2, 3});
  for (const std::string name : {"average", "max", "lse"})
    EXPECT_NEAR(pooled(map + 1.75, name, 5.0), pooled(map, name, 5.0) + 1.75, 1e-12) << name;
}

TEST(Pooling, TakesTheLastTwoDimensionsAlone) {
  const at::Tensor map = at::arange(2 * 3 * 4 * 5, at::kDouble).view({2, 3, 4, 5}) / 10.0;
  for (const std::string& name : pooling_names()) {
    const at::Tensor all = pool(map, pooling_of(name), 3.0);
    ASSERT_EQ(all.sizes(), (std::vector<std::int64_t>{2, 3}));
    EXPECT_NEAR(all[1][2].item<double>(), pooled(map[1][2], name, 3.0), 1e-12) << name;
  }
}

TEST(Pooling, UnknownNameIsAUserErrorWithTheList) {
  try {
    (void)pooling_of("median");
    FAIL();
  } catch (const UserError& error) {
    EXPECT_EQ(error.hint(), "known: average, max, lse, pcam");
  }
  for (std::size_t i = 0; i < pooling_names().size(); ++i)
    EXPECT_EQ(static_cast<std::size_t>(pooling_of(pooling_names()[i])), i);
}

TEST(Resample, ReproducesARampInsideTheCentresAndHoldsTheEdge) {
  const Grid from{8.0, 6.0};  // centres 6, 14, 22, 30, 38
  const Grid to{3.0, 0.5};
  const auto ramp = [](double x, double y) { return 2.0 * x - 3.0 * y; };
  at::Tensor map = at::zeros({1, 1, 4, 5}, at::kDouble);
  for (std::int64_t y = 0; y < 4; ++y)
    for (std::int64_t x = 0; x < 5; ++x)
      map[0][0][y][x] =
          ramp(from.centre(static_cast<double>(x)), from.centre(static_cast<double>(y)));
  const at::Tensor fine = resample(map, from, to, 12, 15);
  ASSERT_EQ(fine.sizes(), (std::vector<std::int64_t>{1, 1, 12, 15}));
  for (std::int64_t y = 0; y < 12; ++y)
    for (std::int64_t x = 0; x < 15; ++x) {
      const double at_x = std::clamp(to.centre(static_cast<double>(x)), 6.0, 38.0);
      const double at_y = std::clamp(to.centre(static_cast<double>(y)), 6.0, 30.0);
      // The interpolation weights are single precision: 1e-7 of values up to 100.
      EXPECT_NEAR(fine[0][0][y][x].item<double>(), ramp(at_x, at_y), 1e-4) << x << ' ' << y;
    }
}

TEST(Resample, KeepsMapsOfASingleCellAndOntoItsOwnGrid) {
  const at::Tensor cell = at::full({2, 3, 1, 1}, 4.0, at::kFloat);
  EXPECT_EQ(test::distance(resample(cell, {32.0, 16.0}, {8.0, 4.0}, 4, 4), at::full({}, 4.0)), 0.0);
  const at::Tensor map = at::arange(24, at::kFloat).view({1, 2, 3, 4});
  const Grid grid{4.0, 2.5};
  EXPECT_TRUE(at::equal(resample(map, grid, grid, 3, 4), map));
}

TEST(Device, IsRefusedByNameWhereItCannotBe) {
  EXPECT_TRUE(prepare_device("cpu", 1).is_cpu());
  EXPECT_THROW((void)prepare_device("gpu", 1), UserError);
  EXPECT_THROW((void)prepare_device("cuda:99", 1), UserError);
}

}  // namespace
}  // namespace chestmap
