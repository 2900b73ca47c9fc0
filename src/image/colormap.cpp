#include "image/colormap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace chestmap {

namespace {

/// Oklab in polar form; the lightness is not an anchor's, since it rises evenly.
struct Anchor {
  double chroma;
  double degrees;
};

constexpr std::array<Anchor, 6> kAnchors{
    {{0.16, 285.0}, {0.21, 318.0}, {0.20, 360.0}, {0.165, 395.0}, {0.15, 430.0}, {0.14, 465.0}}};
constexpr double kFirstLightness = 0.36;
constexpr double kLastLightness = 0.95;

constexpr std::size_t kEntries = 256;

double encoded(double linear) {
  const double value = std::clamp(linear, 0.0, 1.0);
  return value <= 0.0031308 ? 12.92 * value : 1.055 * std::pow(value, 1.0 / 2.4) - 0.055;
}

/// Oklab to sRGB (Ottosson 2020, "A perceptual color space for image processing").
std::array<double, 3> linear_rgb(double lightness, double a, double b) {
  const double l = std::pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
  const double m = std::pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
  const double s = std::pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);
  return {4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
          -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
          -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s};
}

bool in_gamut(const std::array<double, 3>& rgb) {
  return std::all_of(rgb.begin(), rgb.end(), [](double v) { return v >= 0.0 && v <= 1.0; });
}

Rgb color_at(double position) {
  const double place = position * static_cast<double>(kAnchors.size() - 1);
  const auto first = std::min(static_cast<std::size_t>(place), kAnchors.size() - 2);
  const double part = place - static_cast<double>(first);
  const auto mix = [part](double from, double to) { return from + part * (to - from); };
  const double hue = mix(kAnchors[first].degrees, kAnchors[first + 1].degrees);
  const double angle = hue * std::numbers::pi / 180.0;
  const double lightness = kFirstLightness + position * (kLastLightness - kFirstLightness);
  double chroma = mix(kAnchors[first].chroma, kAnchors[first + 1].chroma);
  auto rgb = linear_rgb(lightness, chroma * std::cos(angle), chroma * std::sin(angle));
  // Less chroma, at the same lightness, until the screen can show it.
  while (!in_gamut(rgb) && chroma > 0.0) {
    chroma -= 0.002;
    rgb = linear_rgb(lightness, chroma * std::cos(angle), chroma * std::sin(angle));
  }
  const auto byte = [](double v) {
    return static_cast<std::uint8_t>(std::lround(255.0 * encoded(v)));
  };
  return {byte(rgb[0]), byte(rgb[1]), byte(rgb[2])};
}

std::array<Rgb, kEntries> make_table() {
  std::array<Rgb, kEntries> table;
  for (std::size_t i = 0; i < kEntries; ++i)
    table[i] = color_at(static_cast<double>(i) / static_cast<double>(kEntries - 1));
  return table;
}

}  // namespace

Rgb map_color(double position) noexcept {
  static const std::array<Rgb, kEntries> table = make_table();
  const double inside = position > 0.0 ? std::min(position, 1.0) : 0.0;
  const double half_more = inside * (kEntries - 1) + 0.5;  // `lround` would be a call
  return table[static_cast<std::size_t>(half_more)];
}

Rgb map_color(double value, const ColorScale& scale) noexcept {
  return map_color((value - scale.low) / (scale.high - scale.low));
}

}  // namespace chestmap
