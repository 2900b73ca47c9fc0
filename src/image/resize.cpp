#include "image/resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>
#include <vector>

#include "image/row_groups.h"

namespace chestmap {

namespace {

constexpr float kWhite = 255.0F;

/// The input pixels [first, first + weights.size()) that make one output pixel.
struct Tap {
  std::size_t first = 0;
  std::vector<float> weights;
};

double sinc(double x) {
  if (x == 0.0) return 1.0;
  const double angle = std::numbers::pi * x;
  return std::sin(angle) / angle;
}

double kernel(Resampling resampling, double x) {
  const double distance = std::abs(x);
  if (resampling == Resampling::linear) return std::max(0.0, 1.0 - distance);
  return distance < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0;
}

Tap tap_between(double low, double high, std::size_t input, const auto& weight) {
  const double last = static_cast<double>(input);
  const auto first = static_cast<std::size_t>(std::clamp(std::floor(low), 0.0, last - 1.0));
  const auto end =
      static_cast<std::size_t>(std::clamp(std::ceil(high), static_cast<double>(first) + 1.0, last));
  std::vector<double> weights(end - first);
  double sum = 0.0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] = weight(static_cast<double>(first + i));
    sum += weights[i];
  }
  Tap tap{first, std::vector<float>(weights.size())};
  for (std::size_t i = 0; i < weights.size(); ++i)
    tap.weights[i] = static_cast<float>(weights[i] / sum);
  return tap;
}

std::vector<Tap> taps(std::size_t input, std::size_t output, Resampling resampling) {
  const double factor = static_cast<double>(input) / static_cast<double>(output);
  const double stretch = std::max(1.0, factor);
  const double reach = (resampling == Resampling::linear ? 1.0 : 3.0) * stretch;
  std::vector<Tap> result;
  result.reserve(output);
  for (std::size_t i = 0; i < output; ++i) {
    const auto position = static_cast<double>(i);
    if (resampling == Resampling::area) {
      const double low = position * factor;
      const double high = (position + 1.0) * factor;
      result.push_back(tap_between(low, high, input, [low, high](double pixel) {
        return std::max(0.0, std::min(high, pixel + 1.0) - std::max(low, pixel));
      }));
    } else {
      const double centre = (position + 0.5) * factor;
      result.push_back(tap_between(centre - reach, centre + reach, input, [&](double pixel) {
        return kernel(resampling, (pixel + 0.5 - centre) / stretch);
      }));
    }
  }
  return result;
}

/// Down the columns, a whole row at a time, which the compiler vectorises.
template <typename T>
ImageF resized_vertically(const Image<T>& image, std::size_t height, Resampling resampling) {
  const std::size_t width = image.width();
  ImageF result = ImageF::unset(width, height);
  const std::vector<Tap> rows = taps(image.height(), height, resampling);
  for (std::size_t y = 0; y < height; ++y) {
    float* to = result.pixels().data() + y * width;
    for (std::size_t i = 0; i < rows[y].weights.size(); ++i) {
      const float weight = rows[y].weights[i];
      const T* from = image.pixels().data() + (rows[y].first + i) * width;
      if (i == 0)
        for (std::size_t x = 0; x < width; ++x) to[x] = weight * static_cast<float>(from[x]);
      else
        for (std::size_t x = 0; x < width; ++x) to[x] += weight * static_cast<float>(from[x]);
    }
  }
  return result;
}

ImageF resized_horizontally(const ImageF& image, std::size_t width, Resampling resampling) {
  ImageF result = ImageF::unset(width, image.height());
  const std::vector<Tap> columns = taps(image.width(), width, resampling);
  for_row_groups(image, result, [&](const auto& from, const auto& to) {
    for (std::size_t x = 0; x < width; ++x) {
      const std::size_t first = columns[x].first;
      const std::span<const float> weights = columns[x].weights;
      std::array<float, kRowGroup> sums{};
      for (std::size_t i = 0; i < weights.size(); ++i)
        for (std::size_t r = 0; r < kRowGroup; ++r) sums[r] += weights[i] * from[r][first + i];
      for (std::size_t r = 0; r < kRowGroup; ++r) to[r][x] = sums[r];
    }
  });
  return result;
}

}  // namespace

ImageF resized(const ImageF& image, std::size_t width, std::size_t height, Resampling resampling) {
  if (width == image.width() && height == image.height()) return image;
  if (height == image.height()) return resized_horizontally(image, width, resampling);
  if (width == image.width()) return resized_vertically(image, height, resampling);
  return resized_horizontally(resized_vertically(image, height, resampling), width, resampling);
}

ImageF resized(const Image8& image, std::size_t width, std::size_t height) {
  if (width == image.width() && height == image.height()) return in_unit_range(image);
  ImageF result = resized_vertically(image, height, Resampling::area);
  if (width != image.width()) result = resized_horizontally(result, width, Resampling::area);
  for (float& value : result.pixels()) value /= kWhite;
  return result;
}

ImageF in_unit_range(const Image8& image) {
  ImageF result = ImageF::unset(image.width(), image.height());
  std::transform(image.pixels().begin(), image.pixels().end(), result.pixels().begin(),
                 [](std::uint8_t value) { return static_cast<float>(value) / kWhite; });
  return result;
}

}  // namespace chestmap
