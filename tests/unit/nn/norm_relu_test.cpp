#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cstdint>
#include <tuple>

#include "nn/norm_relu/kernels.h"
#include "tensors.h"

namespace chestmap {
namespace {

/// Pixels, channels, and the channels that lie between two pixels.
using Shape = std::tuple<std::int64_t, std::int64_t, std::int64_t>;

at::Tensor rows_of(const Shape& shape) {
  const auto [pixels, channels, distance] = shape;
  return at::randn({pixels, distance}).narrow(1, distance - channels, channels);
}

NormReluFactors random_factors(std::int64_t channels) {
  return {at::randn({channels}), at::randn({channels}), at::randn({channels}),
          at::randn({channels})};
}

NormReluFactors doubled(const NormReluFactors& factors) {
  return {factors.scale.to(at::kDouble), factors.shift.to(at::kDouble),
          factors.slope.to(at::kDouble), factors.offset.to(at::kDouble)};
}

class NormReluKernels : public testing::TestWithParam<Shape> {};

// Plain operations in doubles judge the kernels. A value of the kernels has a few roundings of
// 6e-8; sums are in single precision over 32 values of a few units alone.
constexpr double kRounding = 2e-6;

TEST_P(NormReluKernels, MomentsAreThoseOfThePlainOperations) {
  torch::manual_seed(1);
  // Far from zero, where sums of plain squares in single precision would lose the variance.
  const at::Tensor rows = rows_of(GetParam()).add_(300.0);
  const ChannelMoments expected = plain::channel_moments(rows.to(at::kDouble));
  const ChannelMoments found = channel_moments(rows);
  EXPECT_EQ(found.mean.scalar_type(), at::kDouble);
  // 300 holds 3e-5 in single precision.
  EXPECT_LT(test::distance(found.mean, expected.mean), 3e-5);
  EXPECT_LT(test::distance(found.variance, expected.variance), 1e-4);
}

TEST_P(NormReluKernels, ForwardIsThatOfThePlainOperations) {
  torch::manual_seed(2);
  const at::Tensor rows = rows_of(GetParam());
  const NormReluFactors factors = random_factors(rows.size(1));
  const at::Tensor found = rows_of(GetParam());
  const at::Tensor expected = at::empty(rows.sizes(), at::kDouble);
  norm_relu_forward(rows, factors, found);
  plain::norm_relu_forward(rows.to(at::kDouble), doubled(factors), expected);
  EXPECT_LT(test::distance(found, expected), kRounding);
  EXPECT_GE(found.min().item<float>(), 0.0F);
}

TEST_P(NormReluKernels, SumsAreThoseOfThePlainOperations) {
  torch::manual_seed(3);
  const at::Tensor rows = rows_of(GetParam());
  const at::Tensor dy = rows_of(GetParam());
  const NormReluFactors factors = random_factors(rows.size(1));
  const at::Tensor centre = at::randn({rows.size(1)});
  const at::Tensor found = norm_relu_sums(dy, rows, factors, centre);
  const at::Tensor expected = plain::norm_relu_sums(dy.to(at::kDouble), rows.to(at::kDouble),
                                                    doubled(factors), centre.to(at::kDouble));
  EXPECT_EQ(found.scalar_type(), at::kDouble);
  EXPECT_LT(test::distance(found, expected), kRounding * static_cast<double>(rows.size(0)));
}

TEST_P(NormReluKernels, BackwardIsThatOfThePlainOperations) {
  torch::manual_seed(4);
  const at::Tensor rows = rows_of(GetParam());
  const at::Tensor dy = rows_of(GetParam());
  const NormReluFactors factors = random_factors(rows.size(1));
  for (const bool add : {false, true}) {
    const at::Tensor found = rows_of(GetParam());
    const at::Tensor expected = found.to(at::kDouble);
    norm_relu_backward(dy, rows, factors, found, add);
    plain::norm_relu_backward(dy.to(at::kDouble), rows.to(at::kDouble), doubled(factors), expected,
                              add);
    EXPECT_LT(test::distance(found, expected), 4 * kRounding);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, NormReluKernels,
                         testing::Values(Shape{1, 1, 1}, Shape{5, 3, 3}, Shape{7, 17, 40},
                                         Shape{33, 64, 64}, Shape{1000, 32, 256},
                                         Shape{2049, 130, 131}));

TEST(NormReluKernelsOfThreads, SumsDoNotDependOnTheNumberOfThreads) {
  torch::manual_seed(5);
  const at::Tensor rows = at::randn({3000, 48});
  const at::Tensor dy = at::randn({3000, 48});
  const NormReluFactors factors = random_factors(48);
  const int threads = at::get_num_threads();
  const auto sums = [&](int count) {
    at::set_num_threads(count);
    const ChannelMoments moments = channel_moments(rows);
    return at::cat({moments.mean, moments.variance,
                    norm_relu_sums(dy, rows, factors, factors.offset).flatten()});
  };
  const at::Tensor one = sums(1);
  EXPECT_TRUE(at::equal(one, sums(3)));
  at::set_num_threads(threads);
}

}  // namespace
}  // namespace chestmap
