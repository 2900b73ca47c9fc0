#pragma once

#include <cstring>
#include <filesystem>
#include <string>

#include "image/image.h"
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

}  // namespace chestmap::test
