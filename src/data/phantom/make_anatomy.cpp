#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "data/phantom/anatomy.h"

namespace chestmap::phantom {

namespace {

/// What a patient keeps from visit to visit.
struct Build {
  double size;         // relative
  double corpulence;   // standard normal
  double heart_ratio;  // heart width over thoracic width, in the mid-plane
  double heart_form;   // height over width
  double breast;
  double depth;
  double slope;
};

Build draw_build(const Plan& plan) {
  RandomStream r{plan.seed, plan.patient, static_cast<std::uint64_t>(Purpose::anatomy)};
  Build b{};
  const bool female = plan.sex == Sex::female;
  b.size = r.normal(female ? 0.965 : 1.015, 0.035);
  b.corpulence = std::clamp(r.normal(), -1.6, 2.4);
  b.heart_ratio = r.normal(0.0, 0.022);
  b.heart_form = r.normal(0.82, 0.035);
  b.breast = female ? std::clamp(r.normal(2.2, 1.0), 0.5, 4.8) : 0.0;
  b.depth = r.normal(8.2, 0.5);
  b.slope = r.uniform(0.12, 0.34);
  return b;
}

void place_pose(Anatomy& a, RandomStream& r) {
  Pose& p = a.pose;
  const double zoom = r.normal(1.0, 0.045);
  p.scale_x = 28.6 * zoom;
  p.scale_y = p.scale_x * r.normal(a.bedridden ? 1.0 : 0.97, 0.03);
  const double angle = r.normal(0.0, a.bedridden ? 0.035 : 0.015);
  p.cosine = std::cos(angle);
  p.sine = std::sin(angle);
  p.centre = {r.normal(0.0, 0.6), 0.5 * (a.dome[0] + a.dome[1]) * 0.56 + r.normal(0.6, 0.9)};
  p.turn = r.normal(0.0, a.bedridden ? 0.07 : 0.03);
  p.tilt = r.normal(a.bedridden ? 0.04 : 0.0, a.bedridden ? 0.07 : 0.03);
  p.magnification = a.bedridden ? 0.0085 : -0.0055;
}

void place_heart(Anatomy& a, const Build& build, bool enlarged, RandomStream& r) {
  const double normal_ratio = 0.455 + build.heart_ratio + r.normal(0.0, 0.018);
  const double enlarged_ratio =
      std::max(0.5, 0.598 + 0.7 * build.heart_ratio + r.normal(0.0, 0.042));
  const double normal_form = build.heart_form + r.normal(0.0, 0.03);
  const double enlarged_form = normal_form - 0.005;
  const double lift = r.normal(0.0, 0.5);
  const double offset = r.normal(0.32, 0.025);
  const double depth_scale = r.uniform(0.85, 1.1);
  const double poor_breath = (22.5 - a.dome[left_side]) * 0.012;
  const double magnified = 1.0 + 4.0 * a.pose.magnification;
  const double width = (enlarged ? enlarged_ratio : normal_ratio + std::max(0.0, poor_breath)) *
                       2.0 * a.half_width * magnified;
  const double height = width * (enlarged ? enlarged_form : normal_form);
  const double shift = 4.0 * a.pose.turn;
  const double bottom = 0.5 * (a.dome[0] + a.dome[1]) + 2.9 + lift;
  const double angle = 0.62;
  Ellipsoid& h = a.heart;
  h.cosine = std::cos(angle);
  h.sine = std::sin(angle);
  h.semi_long = 1.0;
  h.semi_short = 0.68;
  h.stretch = 1.0;
  const Point2 unit = h.half_extent();
  const double half = 0.42 * width;
  h.semi_long = half / unit.x;
  h.semi_short = 0.68 * h.semi_long;
  h.stretch = 0.5 * height / (h.semi_long * unit.y);
  h.centre = {(1.0 - offset) * width - half + shift, bottom - 0.5 * height};
  h.half_depth = 5.0 * depth_scale * std::sqrt(width / 13.0);
  Ellipsoid& e = a.atrium;
  e.semi_long = 0.34 * height;
  e.semi_short = 0.24 * width;
  e.cosine = 0.0;
  e.sine = 1.0;
  e.centre = {-offset * width + e.semi_short + shift, bottom - 0.46 * height};
  e.half_depth = 0.8 * h.half_depth;
  const double arch = a.dome[left_side] * 0.285;
  const double knob = std::clamp(r.normal(1.45 + 0.008 * (a.age - 50.0), 0.18), 1.0, 2.3);
  const double wide = a.bedridden ? 0.35 : 0.0;
  const auto vertical = [&](Point2 centre, double half_height, double half_width, double depth) {
    return Ellipsoid{centre, half_height, half_width, 0.0, 1.0, depth, 1.0};
  };
  a.knob =
      vertical({1.5 + wide + 0.012 * (a.age - 40.0) + shift * 0.3, arch}, knob * 1.3, knob, 2.6);
  a.trunk = vertical({1.6 + wide + 0.6 * shift, arch + 4.2}, 4.2, 2.3 + r.normal(0.0, 0.2), 3.5);
  a.cava = vertical({-1.5 - wide + 0.5 * shift + r.normal(0.0, 0.2), arch + 0.5}, 7.5, 1.5, 3.0);
  const double unfold = r.uniform(0.0, 1.0) * (a.age - 30.0) / 60.0;
  a.aorta = vertical({1.0 + 1.2 * unfold - 0.5 * shift, arch + 8.5}, 11.0, 1.5, 1.4);
  const double pad = r.uniform();
  a.fat_pad_density = r.uniform(0.3, 0.8);
  for (std::size_t s = 0; s < 2; ++s) {
    const double sign = s == 0 ? -1.0 : 1.0;
    const double edge = s == 0 ? offset * width - shift : (1.0 - offset) * width + shift;
    const double size = pad * r.uniform(0.3, 2.6);
    a.fat_pads[s] = {
        {sign * (edge - 1.6), a.diaphragm(edge, s == 0 ? right_side : left_side) - 0.2},
        1.0 + size,
        0.7 + 0.7 * size,
        0.94,
        0.34 * sign,
        2.0 + size,
        1.0};
  }
}

void place_soft_parts(Anatomy& a, const Build& build, RandomStream& r) {
  a.breast_size = build.breast;
  const double sag = r.uniform(0.0, 2.5) + (a.bedridden ? 0.0 : 1.0);
  const double radius = 4.6 + 0.55 * build.breast + r.normal(0.0, 0.3);
  for (std::size_t s = 0; s < 2; ++s) {
    const double sign = s == 0 ? -1.0 : 1.0;
    a.breasts[s] = {{sign * (8.0 + r.normal(0.0, 0.5) + (a.bedridden ? 1.2 : 0.0)),
                     a.dome[s] * 0.80 + sag + r.normal(0.0, 0.4)},
                    radius * 1.15,
                    radius,
                    1.0,
                    0.0,
                    0.5 * build.breast,
                    1.0};
  }
  a.has_stomach_gas = r.chance(0.6);
  const double gas = r.uniform(0.5, 1.0);
  a.stomach_gas = {
      {6.2 + r.normal(0.0, 1.0), a.dome[left_side] + 1.0 + 1.9 * gas + r.uniform(0.0, 1.2)},
      1.2 + 2.8 * gas,
      0.8 + 1.6 * gas,
      std::cos(-0.2),
      std::sin(-0.2),
      1.0 + 2.4 * gas * r.uniform(0.3, 1.0),
      1.0};
}

}  // namespace

Anatomy make_anatomy(const Plan& plan, bool enlarged_heart) {
  const Build build = draw_build(plan);
  RandomStream r{plan.seed, plan.patient, plan.image, static_cast<std::uint64_t>(Purpose::anatomy)};
  Anatomy a;
  a.bedridden = plan.view == ViewPosition::ap;
  a.female = plan.sex == Sex::female;
  a.age = plan.age_years;
  const double breath = r.normal(a.bedridden ? 19.3 : 22.3, a.bedridden ? 1.6 : 1.3);
  a.half_width = 14.1 * build.size * (1.0 + 0.004 * (breath - 21.0));
  a.half_depth = build.depth * build.size;
  a.wall = 2.6 + 0.25 * build.corpulence + (a.female ? 0.0 : 0.3);
  a.fat = std::max(0.5, 1.5 + 0.75 * build.corpulence);
  a.neck = 5.6 + 0.5 * build.corpulence + (a.female ? -0.3 : 0.4);
  a.apex_x = r.normal(5.2, 0.3);
  a.shoulder_slope = build.slope + (a.bedridden ? -0.04 : 0.04);
  a.arm_angle = a.bedridden ? r.uniform(0.08, 0.3) : r.uniform(0.25, 0.6);
  a.dome[right_side] = std::clamp(breath, 15.5, 26.0) * build.size;
  a.dome[left_side] = a.dome[right_side] + std::clamp(r.normal(1.1, 0.6), -0.6, 2.6);
  for (double& drop : a.angle_drop) drop = std::clamp(r.normal(4.6, 0.8), 2.6, 6.5);
  a.mediastinum = {r.normal(1.75, 0.2) + (a.bedridden ? 0.4 : 0.0),
                   r.normal(1.6, 0.2) + (a.bedridden ? 0.4 : 0.0)};
  place_pose(a, r);
  place_heart(a, build, enlarged_heart, r);
  place_soft_parts(a, build, r);
  a.tabulate();
  return a;
}

}  // namespace chestmap::phantom
