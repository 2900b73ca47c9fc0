#include "image/overlay.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "image/contour.h"

#if defined(__SANITIZE_ADDRESS__)
// fontconfig keeps what it has read of the fonts until the process ends.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig"; }
#endif

namespace chestmap {
namespace {

double linear(std::uint8_t byte) {
  const double v = byte / 255.0;
  return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
}

/// CIE L* of an sRGB colour: another definition of lightness than the one that built the map.
double lightness(Rgb color) {
  const double y = 0.2126 * linear(color.r) + 0.7152 * linear(color.g) + 0.0722 * linear(color.b);
  return y > 0.008856 ? 116.0 * std::cbrt(y) - 16.0 : 903.3 * y;
}

TEST(ColorMap, LightnessRisesEvenly) {
  const double first = lightness(map_color(0.0));
  const double last = lightness(map_color(1.0));
  EXPECT_LT(first, 30.0);
  EXPECT_GT(last, 90.0);
  double before = first;
  for (int i = 1; i <= 64; ++i) {
    const double here = lightness(map_color(i / 64.0));
    EXPECT_GT(here, before - 0.3) << i;  // rounding to 8 bits moves L* by up to 0.3
    // Oklab's lightness and L* differ by a few units for saturated colours.
    EXPECT_NEAR(here, first + (last - first) * i / 64.0, 8.0) << i;
    before = here;
  }
}

TEST(ColorMap, TheScaleIsAbsoluteAndItsEndsHold) {
  const ColorScale scale{-4.0, 4.0};
  EXPECT_EQ(map_color(0.0, scale), map_color(0.5));
  EXPECT_EQ(map_color(-9.0, scale), map_color(0.0));
  EXPECT_EQ(map_color(9.0, scale), map_color(1.0));
  EXPECT_EQ(map_color(std::nan("")), map_color(0.0));
}

TEST(Contour, OnePixelIsRingedByADiamond) {
  ImageF map(3, 3);
  map.at(1, 1) = 1.0F;
  const auto lines = contour(map, 0.25F);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].closed);
  ASSERT_EQ(lines[0].points.size(), 4U);
  // From the centre (1.5, 1.5) the value falls to 0.25 at three quarters of a pixel.
  for (const Point& point : lines[0].points)
    EXPECT_NEAR(std::abs(point.x - 1.5) + std::abs(point.y - 1.5), 0.75, 1e-6);
}

TEST(Contour, LinesEndAtTheOutermostCentres) {
  ImageF map(5, 4);
  for (std::size_t y = 0; y < 4; ++y)
    for (std::size_t x = 3; x < 5; ++x) map.at(x, y) = 1.0F;
  const auto lines = contour(map, 0.5F);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_FALSE(lines[0].closed);
  const std::vector<Point> column = {{3.0, 0.5}, {3.0, 1.5}, {3.0, 2.5}, {3.0, 3.5}};
  EXPECT_EQ(lines[0].points, column);
}

TEST(Contour, PointsLieOnTheLevelOneBesideTheOther) {
  ImageF map(41, 41);
  for (std::size_t y = 0; y < 41; ++y)
    for (std::size_t x = 0; x < 41; ++x)
      map.at(x, y) =
          static_cast<float>(std::hypot(static_cast<double>(x) - 20, static_cast<double>(y) - 20));
  const auto lines = contour(map, 12.3F);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].closed);
  double length = 0.0;
  Point before = lines[0].points.back();
  for (const Point& point : lines[0].points) {
    EXPECT_NEAR(std::hypot(point.x - 20.5, point.y - 20.5), 12.3, 0.02);
    EXPECT_LT(std::hypot(point.x - before.x, point.y - before.y), std::sqrt(2.0));
    length += std::hypot(point.x - before.x, point.y - before.y);
    before = point;
  }
  EXPECT_NEAR(length, 2.0 * 3.14159265 * 12.3, 0.5);
}

TEST(Contour, ASaddleIsDecidedByItsMean) {
  ImageF map(2, 2);
  map.at(0, 0) = map.at(1, 1) = 1.0F;
  // Mean 0.5. Below it the raised corners are joined, above it they are apart.
  const auto joined = contour(map, 0.4F);
  const auto apart = contour(map, 0.6F);
  ASSERT_EQ(joined.size(), 2U);
  ASSERT_EQ(apart.size(), 2U);
  const auto side_of = [](const Polyline& line) {
    const Point a = line.points.front();
    const Point b = line.points.back();
    return (a.x + b.x) / 2 - (a.y + b.y) / 2;
  };
  EXPECT_GT(std::abs(side_of(joined[0])), 0.3);  // cuts off (1, 0) or (0, 1), off the diagonal
  EXPECT_NEAR(side_of(apart[0]), 0.0, 1e-6);     // cuts off (0, 0) or (1, 1), on it
}

Overlay plain() {
  Overlay overlay;
  overlay.finding = "Nodule";
  return overlay;
}

ImageRgb drawn(const ImageF& radiograph, const Overlay& overlay, std::size_t side = 512) {
  return draw_overlay(Backdrop(radiograph, side), overlay);
}

TEST(Overlay, NothingIsDrawnBelowTheThreshold) {
  Overlay overlay = plain();
  overlay.map = ImageF(2, 2, 0.29F);
  overlay.threshold = 0.3;
  const ImageRgb picture = drawn(ImageF(64, 64, 0.4F), overlay);
  EXPECT_EQ(picture.at(256, 256), (Rgb{102, 102, 102}));  // 255 x 0.4
}

TEST(Overlay, TheMapIsBlendedOnTheAbsoluteScale) {
  Overlay overlay = plain();
  overlay.map = ImageF(2, 2, 0.75F);
  overlay.scale = {0.5, 1.0};
  overlay.opacity = 0.5;
  const ImageRgb picture = drawn(ImageF(64, 64, 0.4F), overlay);
  const Rgb color = map_color(0.5);  // 0.75 lies half way
  EXPECT_NEAR(picture.at(256, 256).r, (102 + color.r) / 2.0, 1.0);
  EXPECT_NEAR(picture.at(256, 256).g, (102 + color.g) / 2.0, 1.0);
  EXPECT_NEAR(picture.at(256, 256).b, (102 + color.b) / 2.0, 1.0);
}

bool near(Rgb a, Rgb b) {
  return std::abs(a.r - b.r) < 40 && std::abs(a.g - b.g) < 40 && std::abs(a.b - b.b) < 40;
}

TEST(Overlay, BoxesAreDrawnInTheirOwnFrame) {
  Overlay overlay = plain();
  overlay.frame_width = overlay.frame_height = 1024.0;
  overlay.predicted = {{{200.0, 400.0, 600.0, 200.0}, "0.91"}};
  const ImageRgb picture = drawn(ImageF(256, 256, 0.0F), overlay);
  const Rgb predicted{0, 229, 255};
  EXPECT_TRUE(near(picture.at(100, 250), predicted));  // x = 200 of 1024 is column 100 of 512
  EXPECT_TRUE(near(picture.at(400, 250), predicted));  // x = 800
  EXPECT_TRUE(near(picture.at(350, 200), predicted));  // y = 400
  EXPECT_TRUE(near(picture.at(300, 300), predicted));  // y = 600
  EXPECT_EQ(picture.at(250, 250), (Rgb{0, 0, 0}));
}

std::size_t count(const ImageRgb& picture, std::size_t from_x, std::size_t from_y, Rgb color) {
  std::size_t found = 0;
  for (std::size_t y = from_y; y < picture.height(); ++y)
    for (std::size_t x = from_x; x < picture.width(); ++x)
      if (near(picture.at(x, y), color)) ++found;
  return found;
}

TEST(Overlay, TheReferenceIsDashedAndThePredictionIsNot) {
  const OverlayBox box{{64.0, 64.0, 128.0, 128.0}, ""};
  Overlay with_truth = plain();
  with_truth.truth = {box};
  Overlay with_prediction = plain();
  with_prediction.predicted = {box};
  const auto row_of = [](const ImageRgb& picture, Rgb color) {
    std::size_t found = 0;
    for (std::size_t x = 140; x < 370; ++x)  // between the corners, of the side y = 128
      if (near(picture.at(x, 128), color)) ++found;
    return found;
  };
  const ImageF black(256, 256, 0.0F);
  EXPECT_EQ(row_of(drawn(black, with_prediction), {0, 229, 255}), 230U);
  const std::size_t dashes = row_of(drawn(black, with_truth), {124, 255, 107});
  EXPECT_GT(dashes, 80U);  // 4 of 7 parts are drawn
  EXPECT_LT(dashes, 190U);
}

TEST(Overlay, ThePanelHoldsTheNoticeAndTheColourBar) {
  Overlay overlay = plain();
  const ImageF grey(64, 64, 0.5F);
  const ImageRgb without = drawn(grey, overlay);
  overlay.map = ImageF(2, 2, 0.9F);
  const ImageRgb with = drawn(grey, overlay);
  ASSERT_GT(with.width(), 600U);
  EXPECT_GT(count(with, 512, with.height() - 30, {255, 196, 84}), 50U);  // Research use only
  EXPECT_EQ(count(without, 512, 0, map_color(0.1)), 0U);
  EXPECT_GT(count(with, 512, 0, map_color(0.1)), 50U);
}

TEST(Overlay, AWideRadiographKeepsItsAspectBesideAWholePanel) {
  const ImageRgb picture = drawn(ImageF(400, 100, 1.0F), plain(), 800);
  EXPECT_GT(picture.height(), 300U);
  EXPECT_EQ(picture.at(799, 199), (Rgb{255, 255, 255}));  // 800 x 200
  EXPECT_NE(picture.at(799, 200), (Rgb{255, 255, 255}));
}

TEST(Overlay, TextThatIsNoUtf8IsDrawnAllTheSame) {
  Overlay overlay = plain();
  overlay.finding = "Mass \xff\xc3";
  EXPECT_NO_THROW((void)drawn(ImageF(8, 8), overlay));
}

TEST(Overlay, AScaleWithoutExtentIsRefused) {
  Overlay overlay = plain();
  overlay.scale = {1.0, 1.0};
  EXPECT_THROW((void)drawn(ImageF(8, 8), overlay), std::invalid_argument);
}

TEST(Backdrop, NeedsARadiographAndASide) {
  EXPECT_THROW((void)Backdrop(ImageF()), std::invalid_argument);
  EXPECT_THROW((void)Backdrop(ImageF(8, 8), 0), std::invalid_argument);
}

}  // namespace
}  // namespace chestmap
