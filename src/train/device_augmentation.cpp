#include "train/device_augmentation.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

#include "train/upload.h"

namespace chestmap {

namespace {

// As in data/augmentation.cpp: a coordinate is a whole number of 2^-32 pixels, of whose fraction a
// float takes 24 bits.
constexpr int kFractionBits = 32;
constexpr int kFloatBits = 24;
constexpr double kOne = 4294967296.0;

/// What the device needs of each draw.
enum Number : std::int64_t {
  kCosine,  // over the scale
  kSine,
  kSide,  // -1 where flipped
  kShiftX,
  kShiftY,
  kContrast,
  kBrightness,
  kGamma,
  kNumbers
};

/// N x kNumbers, doubles.
at::Tensor numbers_of(std::span<const AugmentationDraw> draws) {
  at::Tensor numbers = at::empty({static_cast<std::int64_t>(draws.size()), kNumbers}, at::kDouble);
  double* row = numbers.data_ptr<double>();
  for (const AugmentationDraw& draw : draws) {
    const double angle = draw.degrees * std::numbers::pi / 180.0;
    row[kCosine] = std::cos(angle) / draw.scale;
    row[kSine] = std::sin(angle) / draw.scale;
    row[kSide] = draw.flip ? -1.0 : 1.0;
    row[kShiftX] = draw.shift_x;
    row[kShiftY] = draw.shift_y;
    row[kContrast] = draw.contrast;
    row[kBrightness] = draw.brightness;
    row[kGamma] = draw.gamma;
    row += kNumbers;
  }
  return numbers;
}

at::Tensor fixed(const at::Tensor& pixels) { return (pixels * kOne).round().to(at::kLong); }

at::Tensor fraction(const at::Tensor& position) {
  return position.bitwise_right_shift(kFractionBits - kFloatBits)
             .bitwise_and((std::int64_t{1} << kFloatBits) - 1)
             .to(at::kFloat) *
         0x1p-24F;
}

/// Clamped to the centres of the first and the last of `count` pixels.
at::Tensor inside(const at::Tensor& position, std::int64_t count) {
  return position.clamp(0, (count - 1) << kFractionBits);
}

at::Tensor moved(const at::Tensor& images, const at::Tensor& numbers) {
  const std::int64_t height = images.size(1);
  const std::int64_t width = images.size(2);
  const auto number = [&](Number which) { return numbers.select(1, which).view({-1, 1, 1}); };
  const auto half = [](std::int64_t side) { return static_cast<double>(side) / 2.0; };
  const at::Tensor rows = at::arange(height, numbers.options()).view({1, -1, 1});
  const at::Tensor steps = at::arange(width, numbers.options().dtype(at::kLong)).view({1, 1, -1});
  const at::Tensor u = 0.5 - half(width) - number(kShiftX) * static_cast<double>(width);
  const at::Tensor v = rows + (0.5 - half(height)) - number(kShiftY) * static_cast<double>(height);
  const at::Tensor cosine = number(kCosine);
  const at::Tensor sine = number(kSine);
  const at::Tensor side = number(kSide);
  const at::Tensor x = inside(
      fixed(half(width) - 0.5 + side * (cosine * u + sine * v)) + steps * fixed(side * cosine),
      width);
  const at::Tensor y =
      inside(fixed(half(height) - 0.5 - sine * u + cosine * v) + steps * fixed(-sine), height);

  const at::Tensor pixels = images.flatten(1);
  const at::Tensor left = x.bitwise_right_shift(kFractionBits);
  const at::Tensor right = (left + 1).clamp_max(width - 1);
  const at::Tensor upper = y.bitwise_right_shift(kFractionBits);
  const at::Tensor lower = (upper + 1).clamp_max(height - 1);
  const auto at_pixels = [&](const at::Tensor& row, const at::Tensor& column) {
    return pixels.gather(1, (row * width + column).flatten(1)).view_as(images);
  };
  const at::Tensor fx = fraction(x);
  const auto along = [&](const at::Tensor& row) {
    const at::Tensor from = at_pixels(row, left);
    return from + fx * (at_pixels(row, right) - from);
  };
  const at::Tensor top = along(upper);
  return top + fraction(y) * (along(lower) - top);
}

}  // namespace

at::Tensor augmented(const at::Tensor& images, std::span<const AugmentationDraw> draws) {
  const at::Tensor numbers = uploaded(numbers_of(draws), images.device());
  const auto number = [&](Number which) { return numbers.select(1, which).view({-1, 1, 1}); };
  const at::Tensor values = moved(images, numbers);
  const at::Tensor mean = values.mean(at::IntArrayRef{1, 2}, /*keepdim=*/true, at::kDouble);
  const at::Tensor factor = number(kContrast).to(at::kFloat);
  const at::Tensor offset = (mean * (1.0 - number(kContrast)) + number(kBrightness)).to(at::kFloat);
  return (factor * values + offset).clamp(0.0, 1.0).pow(number(kGamma).to(at::kFloat));
}

}  // namespace chestmap
