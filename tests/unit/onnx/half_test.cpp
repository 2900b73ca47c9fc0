#include "onnx/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "base/random.h"
#include "judges/ask.h"

namespace chestmap {
namespace {

TEST(Half, NumbersOfTheStandard) {
  EXPECT_EQ(half_bits(0.0F), 0x0000);
  EXPECT_EQ(half_bits(-0.0F), 0x8000);
  EXPECT_EQ(half_bits(1.0F), 0x3C00);
  EXPECT_EQ(half_bits(-2.0F), 0xC000);
  EXPECT_EQ(half_bits(65504.0F), 0x7BFF);               // the largest
  EXPECT_EQ(half_bits(65520.0F), 0x7C00);               // half a step above it: an infinity
  EXPECT_EQ(half_bits(std::ldexp(1.0F, -14)), 0x0400);  // the least normal one
  EXPECT_EQ(half_bits(std::ldexp(1.0F, -24)), 0x0001);  // the least of all
  EXPECT_EQ(half_bits(std::ldexp(1.0F, -25)), 0x0000);  // half of it: a tie, to even
}

TEST(Half, TiesGoToEven) {
  const float step = std::ldexp(1.0F, -10);  // between 1 and 2
  EXPECT_EQ(half_bits(1.0F + 0.5F * step), 0x3C00);
  EXPECT_EQ(half_bits(1.0F + 1.5F * step), 0x3C02);
  EXPECT_EQ(half_bits(2.0F - 0.5F * step), 0x4000);  // carries into the exponent
}

TEST(Half, AgreesWithNumpyOverTheWholeRange) {
  std::vector<std::uint32_t> singles;
  std::vector<std::uint16_t> own;
  RandomStream stream({4});
  for (int i = 0; i < 20000; ++i) {
    const auto bits = static_cast<std::uint32_t>(stream.next());
    if (std::isnan(std::bit_cast<float>(bits))) continue;  // numpy keeps some of a NaN's bits
    singles.push_back(bits);
    own.push_back(half_bits(std::bit_cast<float>(bits)));
  }
  const auto numpys = ask_judge("half_numbers.py", singles);
  if (!numpys) GTEST_SKIP() << "numpy is not installed";
  EXPECT_EQ(numpys->get<std::vector<std::uint16_t>>(), own);
}

}  // namespace
}  // namespace chestmap
