#include "data/phantom/tube.h"

#include <algorithm>
#include <cmath>

namespace chestmap::phantom {

namespace {

constexpr double kThinnest = 0.75;  // pixels
constexpr double kInner = 0.8;      // radius of a shell's hollow

}  // namespace

void TubePainter::add(std::span<const TubePoint> axis, double shell) {
  if (axis.size() == 1) segment(axis[0], axis[0], shell);
  for (std::size_t i = 1; i < axis.size(); ++i) segment(axis[i - 1], axis[i], shell);
  const std::span<float> out = target_->pixels();
  for (const std::size_t p : touched_) {
    out[p] += scratch_[p];
    scratch_[p] = 0.0F;
  }
  touched_.clear();
}

void TubePainter::segment(const TubePoint& a, const TubePoint& b, double shell) {
  const double reach = std::max({a.radius, b.radius, kThinnest}) + 0.5;
  const double limit_x = static_cast<double>(target_->width());
  const double limit_y = static_cast<double>(target_->height());
  const auto from = [](double v, double limit) {
    return static_cast<std::size_t>(std::clamp(std::floor(v), 0.0, limit));
  };
  const std::size_t x0 = from(std::min(a.x, b.x) - reach, limit_x);
  const std::size_t x1 = from(std::max(a.x, b.x) + reach + 1.0, limit_x);
  const std::size_t y0 = from(std::min(a.y, b.y) - reach, limit_y);
  const std::size_t y1 = from(std::max(a.y, b.y) + reach + 1.0, limit_y);
  const double dx = b.x - a.x;
  const double dy = b.y - a.y;
  const double length2 = dx * dx + dy * dy;
  const double inverse = length2 > 0.0 ? 1.0 / length2 : 0.0;
  for (std::size_t y = y0; y < y1; ++y) {
    for (std::size_t x = x0; x < x1; ++x) {
      const double px = static_cast<double>(x) + 0.5 - a.x;
      const double py = static_cast<double>(y) + 0.5 - a.y;
      const double t = std::clamp((px * dx + py * dy) * inverse, 0.0, 1.0);
      const double ex = px - t * dx;
      const double ey = py - t * dy;
      const double wanted = a.radius + t * (b.radius - a.radius);
      const double radius = std::max(wanted, kThinnest);
      const double r2 = (ex * ex + ey * ey) / (radius * radius);
      if (r2 >= 1.0) continue;
      double value = std::sqrt(1.0 - r2);
      if (shell > 0.0) {
        const double inner2 = r2 / (kInner * kInner);
        if (inner2 < 1.0) value -= shell * kInner * std::sqrt(1.0 - inner2);
      }
      value *= (a.weight + t * (b.weight - a.weight)) * (wanted / radius);
      const std::size_t p = y * target_->width() + x;
      if (static_cast<float>(value) <= scratch_[p]) continue;
      if (scratch_[p] == 0.0F) touched_.push_back(p);
      scratch_[p] = static_cast<float>(value);
    }
  }
}

}  // namespace chestmap::phantom
