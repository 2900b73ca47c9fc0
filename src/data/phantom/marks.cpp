#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "data/phantom/distractors.h"

namespace chestmap::phantom {

namespace {

struct Stroke {
  Point2 from;
  Point2 to;
};

constexpr Stroke kLetterL[] = {{{0.0, 0.0}, {0.0, 1.0}}, {{0.0, 1.0}, {0.6, 1.0}}};
constexpr Stroke kLetterR[] = {{{0.0, 0.0}, {0.0, 1.0}},     {{0.0, 0.0}, {0.45, 0.05}},
                               {{0.45, 0.05}, {0.55, 0.28}}, {{0.55, 0.28}, {0.4, 0.5}},
                               {{0.4, 0.5}, {0.0, 0.52}},    {{0.25, 0.52}, {0.6, 1.0}}};

void add_letter(ImageF& image, double pixels, RandomStream& r) {
  const bool left = r.chance(0.7);
  const double x = left ? r.uniform(900.0, 975.0) : r.uniform(30.0, 90.0);
  const double y = r.chance(0.85) ? r.uniform(30.0, 200.0) : r.uniform(500.0, 900.0);
  const double height = r.uniform(26.0, 44.0);
  const double angle = r.normal(0.0, r.chance(0.2) ? 0.6 : 0.06);
  const double brightness = r.uniform(0.7, 1.0);
  const bool framed = r.chance(0.25);
  ImageF ink(image.width(), image.height());
  TubePainter painter(ink);
  const auto place = [&](const Point2& p) {
    const double dx = (p.x - 0.3) * height;
    const double dy = (p.y - 0.5) * height;
    return TubePoint{(x + dx * std::cos(angle) - dy * std::sin(angle)) * pixels,
                     (y + dx * std::sin(angle) + dy * std::cos(angle)) * pixels, 3.2 * pixels, 1.6};
  };
  const std::span<const Stroke> letter = left ? std::span<const Stroke>(kLetterL) : kLetterR;
  for (const Stroke& s : letter) {
    const std::vector<TubePoint> line{place(s.from), place(s.to)};
    painter.add(line);
  }
  if (framed) {
    std::vector<TubePoint> ring;
    for (int k = 0; k <= 24; ++k) {
      const double t = k * 6.2832 / 24.0;
      ring.push_back(place({0.3 + 0.9 * std::cos(t), 0.5 + 0.9 * std::sin(t)}));
      ring.back().weight = 1.0;
    }
    painter.add(ring);
  }
  const std::span<float> out = image.pixels();
  const std::span<const float> stroke = ink.pixels();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const float share = std::min(stroke[i], 1.0F);
    out[i] += share * std::max(0.0F, static_cast<float>(brightness) - out[i]);
  }
}

/// Blackens what lies outside a slightly turned rectangle.
void add_shutter(ImageF& image, double pixels, RandomStream& r) {
  const double shade = r.chance(0.85) ? r.uniform(0.0, 0.03) : r.uniform(0.9, 1.0);
  const double turn = r.normal(0.0, 0.008);
  std::array<double, 4> border{};
  for (double& b : border) b = r.chance(0.55) ? r.uniform(0.0, 55.0) : -60.0;
  const double soft = r.uniform(1.0, 5.0);
  for (std::size_t y = 0; y < image.height(); ++y) {
    for (std::size_t x = 0; x < image.width(); ++x) {
      const double fx = (static_cast<double>(x) + 0.5) / pixels;
      const double fy = (static_cast<double>(y) + 0.5) / pixels;
      const double u = fx + turn * (fy - 512.0);
      const double v = fy - turn * (fx - 512.0);
      const double inside = std::min(std::min(u - border[0], kPhantomFrame - u - border[1]),
                                     std::min(v - border[2], kPhantomFrame - v - border[3]));
      if (inside >= soft) continue;
      const double share = std::clamp(1.0 - inside / soft, 0.0, 1.0);
      float& value = image.at(x, y);
      value += static_cast<float>(share * (shade - static_cast<double>(value)));
    }
  }
}

}  // namespace

void add_marks(ImageF& image, const Canvas& canvas, const Plan& plan) {
  RandomStream r{plan.seed, plan.patient, plan.image, static_cast<std::uint64_t>(Purpose::devices),
                 1};
  if (r.chance(0.4)) add_shutter(image, canvas.pixels, r);
  if (r.chance(0.9)) add_letter(image, canvas.pixels, r);
}

}  // namespace chestmap::phantom
