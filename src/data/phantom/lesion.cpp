#include "data/phantom/lesion.h"

#include <algorithm>
#include <cmath>

#include "data/phantom/noise_field.h"

namespace chestmap::phantom {

namespace {

double smoothstep(double t) noexcept {
  t = std::clamp(t, 0.0, 1.0);
  return t * t * (3.0 - 2.0 * t);
}

/// The point in the lesion's own axes, in units of its half extents.
Point2 own_axes(const Lesion& l, double x, double y) noexcept {
  const double dx = x - l.centre.x;
  const double dy = y - l.centre.y;
  return {(l.cosine * dx + l.sine * dy) / l.half_width,
          (l.cosine * dy - l.sine * dx) / l.half_height};
}

float noise(const Lesion& l, double x, double y, double scale) noexcept {
  return cloud_noise(static_cast<float>(x * scale), static_cast<float>(y * scale), l.texture);
}

/// Nodule and mass: the chord of a lobulated, more or less sharp ellipsoid.
double solid(const Lesion& l, double x, double y) noexcept {
  const Point2 p = own_axes(l, x, y);
  double r = std::hypot(p.x, p.y);
  if (r > 1.6) return 0.0;
  const double angle = std::atan2(p.y, p.x);
  r /= 1.0 + l.wobble * (0.6 * std::sin(3.0 * angle + l.phase) +
                         0.4 * std::sin(5.0 * angle + 2.3 * l.phase));
  if (r >= 1.0) return 0.0;
  const double chord = 2.0 * std::min(l.half_width, l.half_height);
  return l.strength * chord * std::pow(1.0 - r * r, l.softness);
}

/// Infiltration: a patchy cloud that fades out.
double cloud(const Lesion& l, double x, double y) noexcept {
  const Point2 p = own_axes(l, x, y);
  const double r = std::hypot(p.x, p.y) * (1.0 - 0.22 * noise(l, x + 31.0, y, 0.22));
  if (r >= 1.0) return 0.0;
  const double patches = std::clamp(0.75 + 1.2 * noise(l, x, y, 0.42), 0.0, 1.6);
  return l.strength * smoothstep(1.7 * (1.0 - r)) * patches;
}

/// Pneumonia: denser, with a level middle, dark branches of air, and in one look a straight lower
/// border along a fissure.
double consolidation(const Lesion& l, double x, double y) noexcept {
  const Point2 p = own_axes(l, x, y);
  const double r = std::hypot(p.x, p.y) * (1.0 - 0.25 * noise(l, x + 31.0, y, 0.2));
  if (r >= 1.0) return 0.0;
  double value = smoothstep(2.0 * (1.0 - r)) * (1.0 + 0.45 * noise(l, x, y, 0.35));
  const double ridge = value_noise(static_cast<float>(0.35 * x + 0.5 * p.x),
                                   static_cast<float>(0.8 * y), l.texture + 9U) /
                       0.09;
  value *= 1.0 - 0.45 * std::exp(-ridge * ridge);
  if (l.form == 1) value *= smoothstep((0.55 - p.y - 0.1 * p.x) / 0.12);
  return l.strength * value;
}

/// Atelectasis: bands (form 0) or a wedge that points to the hilum (form 1).
double collapse(const Lesion& l, double x, double y) noexcept {
  const Point2 p = own_axes(l, x, y);
  if (std::abs(p.x) >= 1.0 || std::abs(p.y) >= 1.3) return 0.0;
  const double towards_hilum = -sign_of(l.side) * p.x;
  if (l.form == 1) {
    const double open = 0.75 * (1.0 - 0.8 * std::max(0.0, towards_hilum));
    const double edge = smoothstep((open - std::abs(p.y - 0.1)) / 0.3);
    return l.strength * edge * smoothstep(3.0 * (1.0 - std::abs(p.x))) *
           (0.85 + 0.3 * noise(l, x, y, 0.5));
  }
  const double fade = smoothstep(2.5 * (1.0 - std::abs(p.x)));
  double sum = 0.0;
  for (int band = 0; band < 3; ++band) {
    const double at =
        (-0.68 + 0.68 * band) + 0.18 * std::sin(l.phase * (band + 1.0)) + (0.25 - 0.2 * band) * p.x;
    const double width = l.softness / l.half_height * (0.7 + 0.35 * std::cos(l.phase * band));
    const double d = (p.y - at) / width;
    const double weight = 0.35 + 0.65 * std::abs(std::sin((band + 1.0) * l.phase + 0.7 * band));
    sum += (band == 1 ? 1.0 : weight) * std::exp(-d * d);
  }
  return l.strength * fade * std::min(sum, 1.2);
}

/// Effusion: fluid in the costophrenic angle under a meniscus that rises to the chest wall.
double fluid(const Lesion& l, const Anatomy& a, double x, double y) noexcept {
  const double outwards = sign_of(l.side) * x;
  const double wall = a.lateral(y);
  const double in = wall - 2.0 * l.half_width;
  const double t = (outwards - in) / (2.0 * l.half_width);
  if (t <= 0.0) return 0.0;
  const double bottom = l.centre.y + l.half_height;
  const double in_reach = std::min(t, 1.0);
  const double rise = 0.4 * smoothstep(2.2 * in_reach) + 0.6 * in_reach * in_reach * in_reach;
  const double surface = bottom - 2.0 * l.half_height * rise;
  const double cover = smoothstep((y - surface) / (0.8 + 4.0 * l.softness)) * smoothstep(3.0 * t);
  if (cover <= 0.0) return 0.0;
  return l.strength * cover * a.lung(x, y);
}

/// Depth (cm, about) of a point below the surface of the collapsed lung, which has withdrawn from
/// the chest wall by a gap that ends at the borders of the pneumothorax. Negative in the free air.
double depth_in_collapsed_lung(const Lesion& l, const Anatomy& a, double x, double y) noexcept {
  const double outwards = sign_of(l.side) * x;
  const double t = (y - l.centre.y) / l.half_height;  // -1 at the top, 1 at the bottom
  const double part = 1.0 - smoothstep(0.25 * (t + 1.0) * (t + 1.0));
  const double gap = l.softness * part * smoothstep((outwards - l.wobble) / 3.5);
  const double at = std::max(y, 0.1);
  const double wall = a.lateral(at);
  const double slope = (a.lateral(at + 0.2) - wall) / 0.2;
  return (wall - outwards) / std::sqrt(1.0 + slope * slope) - gap;
}

LesionEffect free_air(const Lesion& l, const Anatomy& a, double x, double y) noexcept {
  LesionEffect effect;
  if (sign_of(l.side) * x <= 0.0 || y > l.centre.y + l.half_height) return effect;
  const double depth = depth_in_collapsed_lung(l, a, x, y);
  const double outwards = sign_of(l.side) * x;
  const double gap = a.lateral(y) - outwards;
  if (gap <= 0.0) return effect;
  effect.empty = l.strength * smoothstep(0.5 - depth / 0.35);
  const double t = (y - l.centre.y) / l.half_height;
  const double present = smoothstep(3.0 * (1.0 - t));
  effect.empty *= present;
  const double d = depth / 0.15;
  effect.line = 1.7 * l.strength * present * std::exp(-d * d);
  return effect;
}

}  // namespace

LesionEffect lesion_effect(const Lesion& lesion, const Anatomy& anatomy, double x,
                           double y) noexcept {
  LesionEffect effect;
  switch (lesion.finding) {
    case nodule:
    case mass:
      effect.dense = solid(lesion, x, y);
      break;
    case infiltration:
      effect.dense = cloud(lesion, x, y);
      break;
    case pneumonia:
      effect.dense = consolidation(lesion, x, y);
      break;
    case atelectasis:
      effect.dense = collapse(lesion, x, y);
      break;
    case effusion:
      effect.dense = fluid(lesion, anatomy, x, y);
      return effect;
    case pneumothorax:
      return free_air(lesion, anatomy, x, y);
    case cardiomegaly:
    case finding_count:
      return effect;
  }
  if (effect.dense > 0.0) effect.dense = std::min(effect.dense, 0.9 * anatomy.lung(x, y));
  return effect;
}

Box lesion_support(const Lesion& l, const Anatomy& anatomy) {
  double reach_x =
      1.3 * (l.half_width * std::abs(l.cosine) + l.half_height * std::abs(l.sine)) + 0.5;
  double reach_y =
      1.3 * (l.half_width * std::abs(l.sine) + l.half_height * std::abs(l.cosine)) + 0.5;
  Point2 middle = l.centre;
  if (l.finding == effusion || l.finding == pneumothorax) {
    middle.x = sign_of(l.side) * 0.5 * anatomy.half_width;
    reach_x = 0.5 * anatomy.half_width + 0.5;
    reach_y = l.half_height + 2.5;
  }
  double left = 1e9;
  double top = 1e9;
  double right = -1e9;
  double bottom = -1e9;
  for (const double sx : {-1.0, 1.0}) {
    for (const double sy : {-1.0, 1.0}) {
      const Point2 q = anatomy.pose.to_frame({middle.x + sx * reach_x, middle.y + sy * reach_y});
      left = std::min(left, q.x);
      right = std::max(right, q.x);
      top = std::min(top, q.y);
      bottom = std::max(bottom, q.y);
    }
  }
  return clipped({left, top, right - left, bottom - top}, kPhantomFrame, kPhantomFrame);
}

std::optional<Box> lesion_box(const Lesion& lesion, const Anatomy& anatomy) {
  if (lesion.finding == cardiomegaly) return anatomy.heart_box();
  constexpr double kStep = 4.0;
  const Box window = lesion_support(lesion, anatomy);
  const auto first_x = static_cast<std::size_t>(window.x / kStep);
  const auto first_y = static_cast<std::size_t>(window.y / kStep);
  const auto columns = static_cast<std::size_t>(std::ceil(window.right() / kStep)) - first_x;
  const auto rows = static_cast<std::size_t>(std::ceil(window.bottom() / kStep)) - first_y;
  std::vector<double> values(columns * rows);
  double peak = 0.0;
  for (std::size_t j = 0; j < rows; ++j) {
    for (std::size_t i = 0; i < columns; ++i) {
      const Point2 p = anatomy.pose.from_frame({(static_cast<double>(first_x + i) + 0.5) * kStep,
                                                (static_cast<double>(first_y + j) + 0.5) * kStep});
      const LesionEffect effect = lesion_effect(lesion, anatomy, p.x, p.y);
      const double value = lesion.finding == pneumothorax
                               ? effect.empty / lesion.strength * anatomy.lung(p.x, p.y)
                               : effect.dense;
      values[j * columns + i] = value;
      peak = std::max(peak, value);
    }
  }
  const double level = lesion.finding == pneumothorax ? 0.8 : 0.25 * peak;
  std::size_t left = columns;
  std::size_t right = 0;
  std::size_t top = rows;
  std::size_t bottom = 0;
  for (std::size_t j = 0; j < rows; ++j) {
    for (std::size_t i = 0; i < columns; ++i) {
      if (values[j * columns + i] < level || values[j * columns + i] <= 0.0) continue;
      left = std::min(left, i);
      right = std::max(right, i + 1);
      top = std::min(top, j);
      bottom = std::max(bottom, j + 1);
    }
  }
  if (left >= right || top >= bottom) return std::nullopt;
  return clipped(
      {static_cast<double>(first_x + left) * kStep, static_cast<double>(first_y + top) * kStep,
       static_cast<double>(right - left) * kStep, static_cast<double>(bottom - top) * kStep},
      kPhantomFrame, kPhantomFrame);
}

}  // namespace chestmap::phantom
