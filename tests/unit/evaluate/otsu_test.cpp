#include "evaluate/otsu.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/random.h"

namespace chestmap {
namespace {

/// The definition, one level at a time: values stand at their bins' numbers.
double slow_threshold(const std::vector<float>& values) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const double low = static_cast<double>(*least);
  const double width = (static_cast<double>(*most) - low) / 256.0;
  double best = -1.0;
  double level = low;
  for (int first_above = 1; first_above < 256; ++first_above) {
    std::vector<double> below;
    std::vector<double> above;
    for (const float value : values) {
      const double bin = std::min(255.0, std::floor((static_cast<double>(value) - low) / width));
      (bin < first_above ? below : above).push_back(bin);
    }
    if (below.empty() || above.empty()) continue;
    const auto mean = [](const std::vector<double>& part) {
      double sum = 0.0;
      for (const double value : part) sum += value;
      return sum / static_cast<double>(part.size());
    };
    const double apart = mean(below) - mean(above);
    const double between =
        static_cast<double>(below.size()) * static_cast<double>(above.size()) * apart * apart;
    // Rounding must not make a later equal level the better one.
    if (between > best * (1.0 + 1e-12)) {
      best = between;
      level = low + width * first_above;
    }
  }
  return level;
}

TEST(Otsu, PartsTwoClustersBetweenThem) {
  const std::vector<float> values = {0.0F, 0.1F, 0.05F, 0.1F, 0.9F, 1.0F, 0.95F};
  const double level = otsu_threshold(values).value();
  EXPECT_GT(level, 0.1);
  EXPECT_LE(level, 0.9);
}

TEST(Otsu, IsTheLevelOfLargestVarianceBetweenTheClasses) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RandomStream stream{seed};
    std::vector<float> values;
    for (int i = 0; i < 300; ++i)
      values.push_back(static_cast<float>(stream.normal(stream.chance(0.3) ? 3.0 : -1.0, 0.8)));
    EXPECT_NEAR(otsu_threshold(values).value(), slow_threshold(values), 1e-9) << seed;
  }
}

TEST(Otsu, TakesNoPartInWhatIsNotFinite) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> plain = {0.0F, 0.25F, 1.0F};
  const std::vector<float> with = {kNan, 0.0F, 0.25F, std::numeric_limits<float>::infinity(), 1.0F};
  EXPECT_EQ(otsu_threshold(with), otsu_threshold(plain));
  EXPECT_FALSE(otsu_threshold(std::vector<float>{2.0F, 2.0F, kNan}).has_value());
  EXPECT_FALSE(otsu_threshold(std::vector<float>{}).has_value());
}

}  // namespace
}  // namespace chestmap
