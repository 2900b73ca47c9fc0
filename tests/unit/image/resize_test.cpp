#include "image/resize.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "base/random.h"
#include "scratch.h"

namespace chestmap {
namespace {

using test::run_judge;
using test::ScratchFolder;
using test::slurp;
using test::spill;

std::string to_bytes(const ImageF& image) {
  const auto width = static_cast<std::int32_t>(image.width());
  const auto height = static_cast<std::int32_t>(image.height());
  std::string content(8 + image.pixels().size_bytes(), '\0');
  std::memcpy(content.data(), &width, 4);
  std::memcpy(content.data() + 4, &height, 4);
  std::memcpy(content.data() + 8, image.pixels().data(), image.pixels().size_bytes());
  return content;
}

ImageF noise(std::size_t width, std::size_t height) {
  RandomStream stream{5, width, height};
  ImageF image(width, height);
  for (float& value : image.pixels()) value = static_cast<float>(stream.uniform());
  return image;
}

struct Case {
  std::size_t width, height, to_width, to_height;
};

class AgainstPil : public ::testing::TestWithParam<std::pair<std::string, Resampling>> {};

TEST_P(AgainstPil, DownAndUp) {
  const auto& [name, resampling] = GetParam();
  const ScratchFolder folder;
  for (const Case& c : {Case{64, 48, 16, 12}, Case{61, 47, 16, 9}, Case{16, 9, 61, 47},
                        Case{7, 7, 28, 28}, Case{40, 13, 40, 5}, Case{13, 40, 5, 60}}) {
    const ImageF image = noise(c.width, c.height);
    spill(folder / "in.f32", to_bytes(image));
    const int code =
        run_judge("resize_pil.py",
                  (folder / "in.f32").string() + " " + (folder / "out.f32").string() + " " +
                      std::to_string(c.to_width) + " " + std::to_string(c.to_height) + " " + name);
    if (code == 77) GTEST_SKIP() << "the judge lacks PIL or numpy";
    ASSERT_EQ(code, 0);
    const ImageF result = resized(image, c.to_width, c.to_height, resampling);
    const std::string expected = slurp(folder / "out.f32");
    ASSERT_EQ(expected.size(), 8 + result.pixels().size_bytes());
    for (std::size_t i = 0; i < result.pixels().size(); ++i) {
      float value = 0.0F;
      std::memcpy(&value, expected.data() + 8 + 4 * i, 4);
      // Sums of up to about 500 products, here in float, at PIL in double.
      ASSERT_NEAR(result.pixels()[i], value, 2e-6) << name << " pixel " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Resize, AgainstPil,
                         ::testing::Values(std::pair{"area", Resampling::area},
                                           std::pair{"linear", Resampling::linear},
                                           std::pair{"lanczos", Resampling::lanczos}),
                         [](const auto& parameter) { return parameter.param.first; });

TEST(Resize, AreaSharesAPixelBetweenItsNeighbours) {
  ImageF image(3, 1);
  image.at(0, 0) = 1.0F;
  image.at(1, 0) = 4.0F;
  image.at(2, 0) = 10.0F;
  const ImageF half = resized(image, 2, 1, Resampling::area);
  EXPECT_FLOAT_EQ(half.at(0, 0), 2.0F);  // (1 + 4/2) / 1.5
  EXPECT_FLOAT_EQ(half.at(1, 0), 8.0F);  // (4/2 + 10) / 1.5
}

TEST(Resize, LinearPutsPixelCentresAtHalves) {
  ImageF image(2, 1);
  image.at(0, 0) = 0.0F;
  image.at(1, 0) = 1.0F;
  const ImageF four = resized(image, 4, 1, Resampling::linear);
  // Output centres 0.25, 0.75, 1.25, 1.75 between input centres 0.5 and 1.5.
  EXPECT_FLOAT_EQ(four.at(0, 0), 0.0F);
  EXPECT_FLOAT_EQ(four.at(1, 0), 0.25F);
  EXPECT_FLOAT_EQ(four.at(2, 0), 0.75F);
  EXPECT_FLOAT_EQ(four.at(3, 0), 1.0F);
}

TEST(Resize, AConstantStaysConstantUnderEveryFilter) {
  const ImageF image(17, 5, 0.3F);
  for (const Resampling r : {Resampling::area, Resampling::linear, Resampling::lanczos}) {
    const ImageF down = resized(image, 4, 3, r);
    const ImageF up = resized(image, 40, 31, r);
    for (const float value : down.pixels()) EXPECT_NEAR(value, 0.3F, 1e-6);
    for (const float value : up.pixels()) EXPECT_NEAR(value, 0.3F, 1e-6);
  }
}

TEST(Resize, TheSameSizeIsTheSameImage) {
  const ImageF image = noise(9, 4);
  EXPECT_EQ(resized(image, 9, 4, Resampling::lanczos), image);
}

}  // namespace
}  // namespace chestmap
