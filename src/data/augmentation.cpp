#include "data/augmentation.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace chestmap {

namespace {

/// The value at (x, y) of the frame, between pixel centres linearly, the edge repeated.
float sample(const ImageF& image, double x, double y) {
  const double px = std::clamp(x - 0.5, 0.0, static_cast<double>(image.width() - 1));
  const double py = std::clamp(y - 0.5, 0.0, static_cast<double>(image.height() - 1));
  const auto x0 = static_cast<std::size_t>(px);
  const auto y0 = static_cast<std::size_t>(py);
  const std::size_t x1 = std::min(x0 + 1, image.width() - 1);
  const std::size_t y1 = std::min(y0 + 1, image.height() - 1);
  const auto fx = static_cast<float>(px - static_cast<double>(x0));
  const auto fy = static_cast<float>(py - static_cast<double>(y0));
  const float top = image.at(x0, y0) + fx * (image.at(x1, y0) - image.at(x0, y0));
  const float bottom = image.at(x0, y1) + fx * (image.at(x1, y1) - image.at(x0, y1));
  return top + fy * (bottom - top);
}

bool moves(const AugmentationDraw& draw) {
  return draw.flip || draw.shift_x != 0.0 || draw.shift_y != 0.0 || draw.scale != 1.0 ||
         draw.degrees != 0.0;
}

ImageF moved(const ImageF& image, const AugmentationDraw& draw) {
  const auto width = static_cast<double>(image.width());
  const auto height = static_cast<double>(image.height());
  const double angle = draw.degrees * std::numbers::pi / 180.0;
  const double cosine = std::cos(angle) / draw.scale;
  const double sine = std::sin(angle) / draw.scale;
  ImageF result(image.width(), image.height());
  for (std::size_t y = 0; y < image.height(); ++y) {
    const double v = static_cast<double>(y) + 0.5 - height / 2.0 - draw.shift_y * height;
    for (std::size_t x = 0; x < image.width(); ++x) {
      const double u = static_cast<double>(x) + 0.5 - width / 2.0 - draw.shift_x * width;
      const double source_u = cosine * u + sine * v;
      const double source_v = -sine * u + cosine * v;
      result.at(x, y) =
          sample(image, width / 2.0 + (draw.flip ? -source_u : source_u), height / 2.0 + source_v);
    }
  }
  return result;
}

void change_tones(ImageF& image, const AugmentationDraw& draw) {
  const auto pixels = image.pixels();
  if (draw.contrast != 1.0 || draw.brightness != 0.0) {
    const double sum = std::accumulate(pixels.begin(), pixels.end(), 0.0);
    const double mean = sum / static_cast<double>(pixels.size());
    const auto factor = static_cast<float>(draw.contrast);
    const auto offset = static_cast<float>(mean * (1.0 - draw.contrast) + draw.brightness);
    for (float& value : pixels) value = std::clamp(factor * value + offset, 0.0F, 1.0F);
  }
  if (draw.gamma != 1.0) {
    const auto exponent = static_cast<float>(draw.gamma);
    for (float& value : pixels) value = std::pow(value, exponent);
  }
}

}  // namespace

AugmentationDraw draw(const Augmentation& augmentation, RandomStream& stream) {
  AugmentationDraw result;
  result.flip = stream.chance(augmentation.flip);
  result.shift_x = stream.uniform(-augmentation.shift, augmentation.shift);
  result.shift_y = stream.uniform(-augmentation.shift, augmentation.shift);
  result.scale = stream.uniform(1.0 - augmentation.scale, 1.0 + augmentation.scale);
  result.degrees = stream.uniform(-augmentation.rotation, augmentation.rotation);
  result.brightness = stream.uniform(-augmentation.brightness, augmentation.brightness);
  result.contrast = stream.uniform(1.0 - augmentation.contrast, 1.0 + augmentation.contrast);
  const double most = std::log1p(augmentation.gamma);
  result.gamma = std::exp(stream.uniform(-most, most));
  return result;
}

ImageF augmented(const ImageF& image, const AugmentationDraw& draw) {
  ImageF result = moves(draw) ? moved(image, draw) : image;
  change_tones(result, draw);
  return result;
}

}  // namespace chestmap
