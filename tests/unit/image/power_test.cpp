#include "image/power.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace chestmap {
namespace {

TEST(Power, IsThatOfTheStandardLibrary) {
  for (const float exponent : {0.05F, 0.5F, 0.909F, 1.0F, 1.1F, 3.0F, 20.0F}) {
    std::vector<float> values;
    for (int i = 1; i <= 20000; ++i) values.push_back(static_cast<float>(i) / 20000.0F);
    while (values.back() > 1e-6F)
      values.push_back(values.back() > 1e-2F ? 1e-2F : values.back() * 0.97F);
    std::vector<float> powers = values;
    raise_to_power(powers, exponent);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double expected =
          std::pow(static_cast<double>(values[i]), static_cast<double>(exponent));
      if (expected < 1e-37) continue;
      // The series of log2 ends at 1.9e-6, and it is a float of up to 20 with steps of 2e-6; both
      // times ln 2 and the exponent.
      const double bound = 4e-6 * std::max(1.0, static_cast<double>(exponent));
      ASSERT_NEAR(powers[i] / expected, 1.0, bound) << values[i] << "^" << exponent;
    }
  }
}

TEST(Power, KeepsZeroAndOne) {
  for (const float exponent : {0.1F, 1.0F, 10.0F}) {
    std::vector<float> values{0.0F, 1.0F, 0.0F};
    raise_to_power(values, exponent);
    EXPECT_EQ(values[0], 0.0F);
    EXPECT_FLOAT_EQ(values[1], 1.0F);
    EXPECT_EQ(values[2], 0.0F);
  }
}

}  // namespace
}  // namespace chestmap
