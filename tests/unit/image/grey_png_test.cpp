#include "image/grey_png.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/random.h"
#include "image/codec.h"
#include "image/png.h"
#include "image/png_filters.h"
#include "image/resize.h"

namespace chestmap {
namespace {

std::span<const std::byte> bytes(const std::string& content) {
  return std::as_bytes(std::span(content));
}

/// Smooth with some noise, as radiographs are, so that an encoder takes every filter.
Image8 picture(std::size_t width, std::size_t height, std::uint64_t seed) {
  Image8 image(width, height);
  RandomStream stream{seed};
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x)
      image.at(x, y) =
          static_cast<std::uint8_t>((3 * x + x * y / 7 + 5 * y + stream.below(6)) & 255U);
  return image;
}

/// The PNG specification's text, pixel by pixel.
Image8 plainly_unfiltered(const std::vector<std::uint8_t>& filtered, std::size_t width,
                          std::size_t height) {
  Image8 image(width, height);
  const auto at = [&](std::size_t x, std::size_t y, int left, int up) {
    return x < static_cast<std::size_t>(left) || y < static_cast<std::size_t>(up)
               ? 0
               : int{image.at(x - static_cast<std::size_t>(left),
                              y - static_cast<std::size_t>(up))};
  };
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x) {
      const int a = at(x, y, 1, 0);
      const int b = at(x, y, 0, 1);
      const int c = at(x, y, 1, 1);
      const int p = a + b - c;
      const int pa = std::abs(p - a);
      const int pb = std::abs(p - b);
      const int pc = std::abs(p - c);
      const int paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
      const int predicted[] = {0, a, b, (a + b) / 2, paeth};
      const std::uint8_t* row = filtered.data() + y * (width + 1);
      image.at(x, y) = static_cast<std::uint8_t>(row[x + 1] + predicted[row[0]]);
    }
  return image;
}

TEST(PngFilters, EveryMixOfFiltersIsUndoneAsTheSpecificationSays) {
  const std::vector<std::uint8_t> one_pixel(2 + 2 * kFilterMargin);
  if (Image8 image(1, 1); !undo_filters(std::span(one_pixel).subspan(kFilterMargin, 2), image))
    GTEST_SKIP() << "this processor takes libpng's way";
  RandomStream stream{1};
  for (std::size_t width = 1; width < 40; ++width)
    for (const std::size_t height : {1U, 15U, 16U, 17U, 35U}) {
      std::vector<std::uint8_t> filtered((width + 1) * height);
      for (auto& value : filtered) value = static_cast<std::uint8_t>(stream.below(256));
      for (std::size_t y = 0; y < height; ++y)
        filtered[y * (width + 1)] = static_cast<std::uint8_t>(stream.below(5));
      std::vector<std::uint8_t> buffer(filtered.size() + 2 * kFilterMargin, 77);
      std::copy(filtered.begin(), filtered.end(), buffer.begin() + kFilterMargin);
      Image8 image(width, height);
      ASSERT_TRUE(undo_filters(std::span(buffer).subspan(kFilterMargin, filtered.size()), image));
      ASSERT_EQ(image, plainly_unfiltered(filtered, width, height)) << width << " x " << height;
    }
}

TEST(PngFilters, AnUnknownFilterIsNone) {
  std::vector<std::uint8_t> buffer(2 * kFilterMargin + 2 * 4);
  buffer[kFilterMargin + 4] = 5;
  Image8 image(3, 2);
  EXPECT_FALSE(undo_filters(std::span(buffer).subspan(kFilterMargin, 8), image));
}

TEST(GreyPng, DecodesWhatLibpngEncodes) {
  for (const std::size_t width : {1U, 2U, 8U, 15U, 16U, 17U, 100U, 333U}) {
    const Image8 image = picture(width, 50, width);
    const std::string png = encode_png(image);
    const auto decoded = decode_grey8_png(bytes(png));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(*decoded, image);
    EXPECT_EQ(decode_image(bytes(png)), decode_png(bytes(png)));
  }
}

TEST(GreyPng, OtherKindsAreLeftToLibpng) {
  EXPECT_FALSE(decode_grey8_png(bytes(encode_png(Image16(5, 4, 1000)))));
  EXPECT_FALSE(decode_grey8_png(bytes(encode_png(ImageRgb(5, 4)))));
  EXPECT_EQ(decode_image(bytes(encode_png(Image16(5, 4, 65535)))).at(4, 3), 1.0F);
}

TEST(GreyPng, NoDamageGoesUnseen) {
  const Image8 image = picture(20, 16, 3);
  const std::string png = encode_png(image, std::vector<PngText>{{"key", "value"}});
  for (std::size_t at = 0; at < png.size(); ++at) {
    std::string damaged = png;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    if (at < 8) continue;  // then it is no PNG
    try {
      const auto decoded = decode_grey8_png(bytes(damaged));
      EXPECT_FALSE(decoded.has_value()) << at;
    } catch (const ImageError&) {
      // The header's sides are absurd.
    }
  }
  for (std::size_t size = 24; size < png.size(); ++size)
    EXPECT_FALSE(decode_grey8_png(bytes(png).first(size))) << size;
}

TEST(GreyPng, StaysInBytesUntilItIsResized) {
  const Image8 image = picture(61, 47, 9);
  const std::string png = encode_png(image);
  EXPECT_EQ(decode_grey(bytes(png)), GreyImage(image));
  EXPECT_EQ(values_of(image), decode_image(bytes(png)));
  EXPECT_EQ(resized(GreyImage(image), 20, 30), decode_image_resized(bytes(png), 20, 30).image);
  const ImageF values = decode_image(bytes(encode_png(Image16(5, 4, 3000))));
  EXPECT_EQ(decode_grey(bytes(encode_png(Image16(5, 4, 3000)))), GreyImage(values));
  EXPECT_EQ(size_of(GreyImage(values)), (ImageSize{5, 4}));
}

TEST(GreyPng, ResizingFromTheFilesSamplesIsResizingTheDecodedImage) {
  const Image8 image = picture(61, 47, 9);
  const std::string png = encode_png(image);
  for (const std::size_t side : {16U, 61U, 80U}) {
    const ResizedImage at_once = decode_image_resized(bytes(png), side, side);
    EXPECT_EQ(at_once.original, (ImageSize{61, 47}));
    const ImageF expected = resized(decode_image(bytes(png)), side, side);
    for (std::size_t i = 0; i < side * side; ++i)
      // Sums of values up to 255 instead of 1: a few roundings of a float.
      ASSERT_NEAR(at_once.image.pixels()[i], expected.pixels()[i], 1e-6);
  }
  EXPECT_EQ(decode_image_resized(bytes(png), 61, 47).image, decode_image(bytes(png)));
}

}  // namespace
}  // namespace chestmap
