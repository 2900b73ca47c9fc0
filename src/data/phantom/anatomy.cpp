#include "data/phantom/anatomy.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace chestmap::phantom {

namespace {

constexpr double kTableTop = -14.0;
constexpr double kTableStep = 0.2;
constexpr std::size_t kTableRows = 320;

double smoothstep(double t) noexcept {
  t = std::clamp(t, 0.0, 1.0);
  return t * t * (3.0 - 2.0 * t);
}

/// 0 at t = 0 with a vertical tangent, 1 from t = 1 on with a level one: a quarter of an ellipse.
double quarter(double t) noexcept {
  t = std::clamp(t, 0.0, 1.0);
  return std::sqrt(t * (2.0 - t));
}

/// Chord of a superellipse of exponent 2.5 at the relative offset u, as a share of the longest.
double superellipse(double u) noexcept {
  if (u >= 1.0) return 0.0;
  return std::sqrt(1.0 - u * u * std::sqrt(u));
}

double soft_max(double a, double b, double width) noexcept {
  const double d = a - b;
  const double w = std::clamp(0.7 * std::min(a, b), 0.0, width);
  return 0.5 * (a + b + std::sqrt(d * d + w * w)) - 0.5 * w;
}

}  // namespace

double Ellipsoid::radius2(double x, double y) const noexcept {
  const double dx = x - centre.x;
  const double dy = (y - centre.y) / stretch;
  const double u = (cosine * dx + sine * dy) / semi_long;
  const double v = (cosine * dy - sine * dx) / semi_short;
  return u * u + v * v;
}

double Ellipsoid::chord(double x, double y) const noexcept {
  const double r2 = radius2(x, y);
  return r2 >= 1.0 ? 0.0 : 2.0 * half_depth * std::sqrt(1.0 - r2);
}

Point2 Ellipsoid::half_extent() const noexcept {
  return {std::hypot(semi_long * cosine, semi_short * sine),
          stretch * std::hypot(semi_long * sine, semi_short * cosine)};
}

void Anatomy::tabulate() {
  rows_.assign(kTableRows, Row{});
  arm_sine_ = std::sin(arm_angle);
  arm_cosine_ = std::cos(arm_angle);
  const double length = 0.5 * (dome[right_side] + dome[left_side]);
  const double body = half_width + wall + fat;
  const double depth = 2.0 * half_depth + 1.4 * wall + 2.0 * fat;
  for (std::size_t i = 0; i < kTableRows; ++i) {
    const double y = kTableTop + kTableStep * static_cast<double>(i);
    Row& r = rows_[i];
    const double down = smoothstep((y + 4.5) / 9.5);
    const double belly = 1.0 + 0.05 * smoothstep((y - length) / 12.0) * (fat - 0.5);
    const double fold = 1.6 * smoothstep((y - 1.0) / 6.0) * (1.0 - smoothstep((y - 9.0) / 10.0));
    r.body_half = (neck + (body + fold - neck) * down) * belly;
    r.body_depth = (16.5 + (depth - 16.5) * smoothstep((y + 5.0) / 14.0)) * belly;
    if (y <= 0.0) continue;
    const double u = std::clamp(y / (0.85 * length), 0.0, 1.0);
    r.lung_half = apex_x + (half_width - apex_x) * std::sqrt(1.0 - std::pow(1.0 - u, 2.7));
    r.lung_depth = 1.88 * half_depth * (0.25 * quarter(y / 1.5) + 0.75 * quarter(y / 13.0));
    for (std::size_t s = 0; s < 2; ++s) {
      const double open = quarter(y / 3.2);
      const double narrow = mediastinum[s] - 0.5 * smoothstep((y - 5.0) / 6.0);
      r.medial[s] = apex_x + (narrow - apex_x) * open;
    }
  }
}

Anatomy::Row Anatomy::row(double y) const noexcept {
  const double t =
      std::clamp((y - kTableTop) / kTableStep, 0.0, static_cast<double>(kTableRows) - 1.001);
  const auto i = static_cast<std::size_t>(t);
  const double f = t - static_cast<double>(i);
  const Row& a = rows_[i];
  const Row& b = rows_[i + 1];
  const auto mix = [f](double p, double q) { return p + (q - p) * f; };
  return {mix(a.body_half, b.body_half),
          mix(a.body_depth, b.body_depth),
          mix(a.lung_half, b.lung_half),
          mix(a.lung_depth, b.lung_depth),
          {mix(a.medial[0], b.medial[0]), mix(a.medial[1], b.medial[1])}};
}

double Anatomy::lateral(double y) const noexcept { return row(y).lung_half; }

double Anatomy::medial(double y, Side side) const noexcept { return row(y).medial[side]; }

double Anatomy::diaphragm(double a, Side side) const noexcept {
  const double top = side == right_side ? 6.2 : 6.8;
  const double d = a - top;
  if (d < 0.0) return dome[side] + 0.03 * d * d;
  const double t = d / (half_width - top);
  return dome[side] + angle_drop[side] * t * t * (0.55 + 0.45 * t);
}

double Anatomy::cavity(double x, double y, const Row& at) const noexcept {
  if (y <= 0.0) return 0.0;
  const Side side = x < 0.0 ? right_side : left_side;
  const double a = std::abs(x);
  const double inner = at.medial[side];
  if (a <= inner || a >= at.lung_half) return 0.0;
  double path = at.lung_depth * superellipse(a / at.lung_half) * quarter((a - inner) / 4.5);
  const double below = y - diaphragm(a, side);
  if (below > 0.0) path -= 2.0 * std::sqrt(below / 0.05);
  return std::max(path, 0.0);
}

double Anatomy::organs(double x, double y) const noexcept {
  double path = std::max(heart.chord(x, y), atrium.chord(x, y));
  path = std::max(path, knob.chord(x, y));
  path = std::max(path, trunk.chord(x, y));
  path = std::max(path, cava.chord(x, y));
  path = std::max(path, aorta.chord(x, y));
  for (const Ellipsoid& pad : fat_pads) {
    path = std::max(path, fat_pad_density * pad.chord(x, y));
  }
  return path;
}

double Anatomy::cavity(double x, double y) const noexcept { return cavity(x, y, row(y)); }

double Anatomy::lung(double x, double y) const noexcept {
  return std::max(0.0, cavity(x, y) - organs(x, y));
}

double Anatomy::girdle(double a, double y) const noexcept {
  const double out = std::max(a - 5.0, 0.0);
  const double top = -4.6 + shoulder_slope * out + 0.0006 * out * out * out;
  const double shoulder = (18.0 + 1.5 * fat) * quarter((y - top) / 6.5) *
                          (1.0 - smoothstep((y - 3.5 - 0.3 * std::max(a - 13.0, 0.0)) / 10.0));
  const double px = a - (half_width + wall + 1.2);
  const double py = y - 3.2;
  const double along = std::max(px * arm_sine_ + py * arm_cosine_, 0.0);
  const double dx = px - along * arm_sine_;
  const double dy = py - along * arm_cosine_;
  const double radius = 3.6 + 0.6 * fat;
  const double q = radius * radius - dx * dx - dy * dy;
  const double arm = q > 0.0 ? 2.0 * std::sqrt(q) : 0.0;
  return soft_max(shoulder, arm, 1.0);
}

RayPath Anatomy::ray(double x, double y) const noexcept {
  const Row at = row(y);
  const double a = std::abs(x);
  RayPath path;
  double outer = at.body_depth * superellipse(a / at.body_half);
  double inner = (at.body_depth - 2.0 * fat) * superellipse(a / (at.body_half - fat));
  if (y < 18.0 || a > half_width - 3.0) {
    const double limb = girdle(a, y);
    if (limb > 0.0) {
      outer = soft_max(outer, limb, 1.5);
      inner = soft_max(inner, limb - fat, 1.5);
    }
  }
  outer = std::max(outer, 0.0);
  inner = std::clamp(inner, 0.0, outer);
  path.fat = static_cast<float>(outer - inner);
  const double air = cavity(x, y, at);
  path.lung = static_cast<float>(air > 0.0 ? std::max(0.0, air - organs(x, y)) : 0.0);
  if (breast_size > 0.0) {
    for (const Ellipsoid& b : breasts) {
      const double below_top = (y - b.centre.y) / b.semi_short + 0.9;
      if (below_top > 0.0) inner += b.chord(x, y) * smoothstep(below_top / 1.3);
    }
  }
  path.soft = static_cast<float>(std::max(inner, static_cast<double>(path.lung)));
  return path;
}

Box Anatomy::heart_box() const {
  double left = 1e9;
  double top = 1e9;
  double right = -1e9;
  double bottom = -1e9;
  for (const Ellipsoid* e : {&heart, &atrium}) {
    constexpr int kSteps = 180;
    for (int i = 0; i < kSteps; ++i) {
      const double t = 2.0 * 3.14159265358979 * i / kSteps;
      const double u = e->semi_long * std::cos(t);
      const double v = e->semi_short * std::sin(t);
      const Point2 p{e->centre.x + e->cosine * u - e->sine * v,
                     e->centre.y + e->stretch * (e->sine * u + e->cosine * v)};
      const Point2 q = pose.to_frame(p);
      left = std::min(left, q.x);
      right = std::max(right, q.x);
      top = std::min(top, q.y);
      bottom = std::max(bottom, q.y);
    }
  }
  return clipped({left, top, right - left, bottom - top}, kPhantomFrame, kPhantomFrame);
}

}  // namespace chestmap::phantom
