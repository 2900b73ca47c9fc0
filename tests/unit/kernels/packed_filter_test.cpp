#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "kernels/convolution.h"

namespace chestmap::kernels {
namespace {

class ScaledFilter : public testing::TestWithParam<Method> {};

// Powers of two change no digit of a weight, so that both ways must give the same bits; channels
// that fill up the last block stay zero.
TEST_P(ScaledFilter, IsPackedAsIfItsWeightsHadBeenScaledBefore) {
  const Filter filter{19, 37, 3, 1, 1};
  const std::size_t products = filter.in_channels * 9;
  std::vector<float> weights;
  for (std::size_t i = 0; i < filter.out_channels * products; ++i)
    weights.push_back(static_cast<float>((i * 7919) % 1009) / 1009.0F - 0.4F);
  std::vector<float> scale;
  std::vector<float> scaled = weights;
  for (std::size_t out = 0; out < filter.out_channels; ++out) {
    scale.push_back(out % 3 == 0 ? 0.25F : (out % 3 == 1 ? 8.0F : 1.0F));
    for (std::size_t i = 0; i < products; ++i) scaled[out * products + i] *= scale[out];
  }
  const PackedFilter at_once(filter, GetParam(), weights, scale, 0.5F);
  const PackedFilter before(filter, GetParam(), scaled, {}, 0.5F);
  const PackedFilter neither(filter, GetParam(), weights, {}, 0.5F);
  ASSERT_EQ(at_once.bytes(), before.bytes());
  EXPECT_EQ(std::memcmp(at_once.data(), before.data(), before.bytes()), 0);
  if (GetParam() == Method::int8) {
    for (std::size_t out = 0; out < filter.out_channels; ++out) {
      EXPECT_EQ(at_once.product_steps()[out], before.product_steps()[out]);
      EXPECT_EQ(at_once.product_steps()[out], neither.product_steps()[out] * scale[out]);
    }
  } else {
    EXPECT_NE(std::memcmp(at_once.data(), neither.data(), neither.bytes()), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, ScaledFilter,
                         testing::Values(Method::direct, Method::winograd2, Method::winograd4,
                                         Method::bfloat16, Method::bfloat16x2, Method::bfloat16x3,
                                         Method::int8));

}  // namespace
}  // namespace chestmap::kernels
