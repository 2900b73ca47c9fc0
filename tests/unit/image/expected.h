#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <string>

#include "image/codec.h"
#include "scratch.h"

namespace chestmap::test {

/// What an image should decode to, by a judge that wrote both.
struct Expected {
  ImageF image;
  float tolerance = 0.0F;
};

/// int32 width, int32 height, float32 tolerance, float32 grey values.
inline Expected read_expected(const std::filesystem::path& file) {
  const std::string content = slurp(file);
  std::int32_t width = 0;
  std::int32_t height = 0;
  Expected expected;
  std::memcpy(&width, content.data(), 4);
  std::memcpy(&height, content.data() + 4, 4);
  std::memcpy(&expected.tolerance, content.data() + 8, 4);
  expected.image = ImageF(static_cast<std::size_t>(width), static_cast<std::size_t>(height));
  std::memcpy(expected.image.pixels().data(), content.data() + 12,
              expected.image.pixels().size_bytes());
  return expected;
}

/// `file` decodes to what the judge wrote beside it, within the tolerance that it states.
inline void expect_as_judged(const std::filesystem::path& file) {
  const Expected expected =
      read_expected(std::filesystem::path(file).replace_extension(".expected"));
  ImageF image;
  ASSERT_NO_THROW(image = read_image(file)) << file;
  ASSERT_EQ(image.width(), expected.image.width()) << file;
  ASSERT_EQ(image.height(), expected.image.height()) << file;
  float worst = 0.0F;
  for (std::size_t i = 0; i < image.pixels().size(); ++i)
    worst = std::max(worst, std::abs(image.pixels()[i] - expected.image.pixels()[i]));
  EXPECT_LE(worst, expected.tolerance) << file;
}

}  // namespace chestmap::test
