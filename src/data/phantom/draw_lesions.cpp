#include <algorithm>
#include <cmath>

#include "data/phantom/lesion.h"

namespace chestmap::phantom {

namespace {

/// Box size to aim at (medians in pixels of the 1024 frame, spread of the logarithm), the factors
/// from the box to the shape's extents, and the distribution of the contrast.
struct Habit {
  double width;
  double height;
  double spread;
  double grow_x;  ///< extent of the shape over that of its box
  double grow_y;
  double strength;         ///< median: density relative to soft tissue, or cm
  double strength_spread;  ///< of the logarithm
  double strongest;
};

constexpr std::array<Habit, finding_count> kHabits{{
    {171.0, 118.0, 0.35, 1.16, 1.00, 4.2, 0.40, 7.0},   // atelectasis
    {478.0, 382.0, 0.10, 1.00, 1.00, 1.0, 0.00, 1.0},   // cardiomegaly
    {208.0, 277.0, 0.32, 1.48, 1.15, 0.48, 0.50, 1.0},  // effusion
    {228.0, 265.0, 0.32, 1.35, 1.35, 2.6, 0.45, 8.0},   // infiltration
    {120.0, 141.0, 0.33, 1.10, 1.10, 1.00, 0.40, 1.8},  // mass
    {70.0, 68.0, 0.33, 1.10, 1.10, 2.00, 0.40, 3.5},    // nodule
    {229.0, 275.0, 0.32, 1.30, 1.30, 3.6, 0.40, 9.0},   // pneumonia
    {201.0, 206.0, 0.35, 0.82, 1.10, 0.95, 0.15, 1.0},  // pneumothorax
}};

void draw_extent(Lesion& l, const Habit& h, const Pose& pose, RandomStream& r) {
  const double shared = r.normal();
  const double width = h.width * std::exp(h.spread * (0.8 * shared + 0.6 * r.normal()));
  const double height = h.height * std::exp(h.spread * (0.8 * shared + 0.6 * r.normal()));
  l.half_width = 0.5 * width * h.grow_x / pose.scale_x;
  l.half_height = 0.5 * height * h.grow_y / pose.scale_y;
}

/// A point of the lung that leaves room for the lesion, with y in the given range (shares of the
/// way from the apex to the diaphragm).
Point2 place_in_lung(const Lesion& l, const Anatomy& a, double from, double to, RandomStream& r) {
  const double s = sign_of(l.side);
  Point2 best{s * 0.6 * a.half_width, 0.6 * a.dome[l.side]};
  double most = -1.0;
  for (int attempt = 0; attempt < 40; ++attempt) {
    const Point2 p{s * r.uniform(2.0, a.half_width - 0.4), r.uniform(from, to) * a.dome[l.side]};
    const double reach_x = 0.55 * l.half_width;
    const double reach_y = 0.55 * l.half_height;
    double least = 1e9;
    for (const Point2 q : {Point2{p.x - reach_x, p.y}, Point2{p.x + reach_x, p.y},
                           Point2{p.x, p.y - reach_y}, Point2{p.x, p.y + reach_y}, p}) {
      least = std::min(least, a.lung(q.x, q.y));
    }
    if (least > most) {
      most = least;
      best = p;
    }
    if (least > 4.5) break;
  }
  return best;
}

Lesion draw_lesion(Finding finding, const Plan& plan, const Anatomy& a) {
  RandomStream r{plan.seed, plan.patient, plan.image, static_cast<std::uint64_t>(Purpose::lesions),
                 static_cast<std::uint64_t>(finding)};
  const Habit& habit = kHabits[finding];
  Lesion l;
  l.finding = finding;
  l.side = r.chance(0.54) ? right_side : left_side;
  l.texture = static_cast<std::uint32_t>(r.next());
  l.phase = r.uniform(0.0, 6.283);
  l.strength = habit.strength * std::exp(habit.strength_spread * r.normal());
  // Fluid and air fill what they fill, so that their strength is a share; a heart has its size.
  if (finding != effusion && finding != pneumothorax && finding != cardiomegaly)
    l.strength *= plan.conspicuity;
  l.strength = std::min(habit.strongest, l.strength);
  draw_extent(l, habit, a.pose, r);
  double angle = 0.0;
  switch (finding) {
    case nodule:
      l.wobble = r.uniform(0.0, 0.08);
      l.softness = r.uniform(0.4, 0.8);
      l.centre = place_in_lung(l, a, 0.06, 0.98, r);
      break;
    case mass:
      l.wobble = r.uniform(0.02, 0.16);
      l.softness = r.uniform(0.5, 0.95);
      l.centre = place_in_lung(l, a, 0.12, 0.92, r);
      break;
    case infiltration:
      l.centre = place_in_lung(l, a, 0.25, 0.95, r);
      break;
    case pneumonia:
      l.form = r.chance(0.3) ? 1 : 0;
      l.centre = place_in_lung(l, a, 0.25, 0.95, r);
      break;
    case atelectasis:
      l.form = r.chance(0.3) ? 1 : 0;
      l.softness = r.uniform(0.4, 0.8);
      l.centre = place_in_lung(l, a, 0.55, 1.0, r);
      l.dome_lift = r.chance(0.6) ? r.uniform(0.0, 1.3) : 0.0;
      angle = sign_of(l.side) * r.normal(0.08, 0.16);
      break;
    case effusion:
      l.softness = r.uniform(0.1, 0.6);
      l.centre = {sign_of(l.side) * 0.7 * a.half_width,
                  a.dome[l.side] + 0.75 * a.angle_drop[l.side] - l.half_height};
      break;
    case pneumothorax:
      // What makes free air easier to see is a wider gap, as far as the side has room for it.
      l.softness = l.half_width * std::min(2.0, r.uniform(0.55, 1.3) * plan.conspicuity);
      l.wobble = a.half_width - 2.0 * l.half_width - r.uniform(2.0, 3.5);
      l.centre = {sign_of(l.side) * 0.5 * a.half_width, l.half_height + 0.1};
      break;
    case cardiomegaly:
    case finding_count:
      break;
  }
  l.cosine = std::cos(angle);
  l.sine = std::sin(angle);
  return l;
}

}  // namespace

std::vector<Lesion> draw_lesions(const Plan& plan, Anatomy& anatomy) {
  std::vector<Lesion> lesions;
  for (std::size_t f = 0; f < finding_count; ++f) {
    if (!plan.truth[f]) continue;
    lesions.push_back(draw_lesion(static_cast<Finding>(f), plan, anatomy));
    const Lesion& l = lesions.back();
    anatomy.dome[l.side] -= l.dome_lift;
  }
  return lesions;
}

}  // namespace chestmap::phantom
