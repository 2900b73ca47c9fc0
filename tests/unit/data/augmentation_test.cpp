#include "data/augmentation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace chestmap {
namespace {

/// The definition in doubles, pixel by pixel: flipped, grown, turned and shifted about the centre,
/// linear between pixel centres, the edge repeated.
double plainly_moved(const ImageF& image, const AugmentationDraw& draw, std::size_t x,
                     std::size_t y) {
  const auto width = static_cast<double>(image.width());
  const auto height = static_cast<double>(image.height());
  const double u = static_cast<double>(x) + 0.5 - width / 2.0 - draw.shift_x * width;
  const double v = static_cast<double>(y) + 0.5 - height / 2.0 - draw.shift_y * height;
  const double angle = draw.degrees * std::numbers::pi / 180.0;
  const double from_u = (std::cos(angle) * u + std::sin(angle) * v) / draw.scale;
  const double from_v = (-std::sin(angle) * u + std::cos(angle) * v) / draw.scale;
  const double px =
      std::clamp((draw.flip ? -from_u : from_u) + width / 2.0 - 0.5, 0.0, width - 1.0);
  const double py = std::clamp(from_v + height / 2.0 - 0.5, 0.0, height - 1.0);
  const auto x0 = static_cast<std::size_t>(px);
  const auto y0 = static_cast<std::size_t>(py);
  const std::size_t x1 = std::min(x0 + 1, image.width() - 1);
  const std::size_t y1 = std::min(y0 + 1, image.height() - 1);
  const double fx = px - static_cast<double>(x0);
  const double fy = py - static_cast<double>(y0);
  return (1.0 - fy) * ((1.0 - fx) * static_cast<double>(image.at(x0, y0)) +
                       fx * static_cast<double>(image.at(x1, y0))) +
         fy * ((1.0 - fx) * static_cast<double>(image.at(x0, y1)) +
               fx * static_cast<double>(image.at(x1, y1)));
}

TEST(Augmentation, MovesAsItsDefinitionInDoubles) {
  RandomStream noise{5};
  for (const auto& [width, height] : {std::pair{31, 31}, {40, 23}, {1, 9}, {9, 1}}) {
    ImageF image(static_cast<std::size_t>(width), static_cast<std::size_t>(height));
    for (float& value : image.pixels()) value = static_cast<float>(noise.uniform());
    for (std::uint64_t i = 0; i < 40; ++i) {
      RandomStream stream{i};
      AugmentationDraw draw = chestmap::draw({0.4, 0.6, 180.0, 0.5, 0.0, 0.0, 0.0}, stream);
      if (i % 4 == 0) draw.degrees = 0.0;
      if (i % 8 == 0) draw.shift_x = 2.0;  // all of it outside
      const ImageF moved = augmented(image, draw);
      for (std::size_t y = 0; y < image.height(); ++y)
        for (std::size_t x = 0; x < image.width(); ++x)
          // Weights of 24 bits, and three roundings of a float.
          ASSERT_NEAR(moved.at(x, y), plainly_moved(image, draw, x, y), 5e-7);
    }
  }
}

}  // namespace
}  // namespace chestmap
