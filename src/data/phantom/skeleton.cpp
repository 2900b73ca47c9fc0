#include "data/phantom/skeleton.h"

#include <cmath>

#include "base/random.h"

namespace chestmap::phantom {

namespace {

constexpr double kHalfTurn = 3.14159265358979;

/// Bone mineral falls with age and is lower in women; bedridden views are softer.
struct Bone {
  double density;
  double calcified;  // chance of a calcified rib end
};

void add_ribs(TubePainter& painter, const Canvas& c, const Bone& bone, RandomStream& r) {
  const Anatomy& a = *c.anatomy;
  const double spacing = a.dome[right_side] / 22.5 * r.normal(2.32, 0.05);
  const double fall = r.normal(1.0, 0.07);
  for (int side = 0; side < 2; ++side) {
    const double s = side == 0 ? -1.0 : 1.0;
    for (int i = 0; i < 11; ++i) {
      const double start = -1.1 + spacing * i + r.normal(0.0, 0.08);
      const double drop = fall * (4.6 + std::min(i, 6) * 1.15 + r.normal(0.0, 0.15));
      const double thick = (0.50 + 0.018 * std::min(i, 6)) * r.normal(1.0, 0.04);
      const double end = i < 7 ? r.normal(2.42, 0.06) : 2.35 - 0.22 * (i - 6);
      const double begin = 0.12;
      std::vector<TubePoint> axis;
      constexpr int kSteps = 34;
      for (int k = 0; k <= kSteps; ++k) {
        const double t = begin + (end - begin) * k / kSteps;
        const double y = start + drop * 0.5 * (1.0 - std::cos(t)) -
                         0.7 * std::sin(2.0 * t) * (t < 1.57 ? 1.0 : 0.4);
        const double at_wall = start + drop * 0.5;
        const double width = (at_wall < 1.5 ? 0.55 * a.half_width + 1.1 * (at_wall + 0.5)
                                            : a.lateral(std::min(at_wall, a.dome[0] - 2.0)) + 0.25);
        const double x = s * (1.4 + (width - 1.4) * std::sin(t));
        const double z = -0.85 * a.half_depth * std::cos(t);
        const double fade = t < 2.1 ? 1.0 : 1.0 - 0.45 * (t - 2.1) / 0.35;
        const double front = t > 1.57 ? 0.80 : 1.0;
        axis.push_back(
            c.tube({x, y, z}, thick * (t > 1.9 ? 1.08 : 1.0), bone.density * 0.95 * front * fade));
      }
      painter.add(axis, 0.62);
      if (i < 8 && r.chance(bone.calcified)) {
        const TubePoint& tip = axis.back();
        TubePoint knot = tip;
        knot.radius *= r.uniform(0.6, 1.1);
        knot.weight = bone.density * r.uniform(0.3, 1.0);
        painter.add_disc(knot);
      }
    }
  }
}

void add_spine(TubePainter& painter, const Canvas& c, const Bone& bone, RandomStream& r) {
  const double curve = r.normal(0.0, 0.5);
  const double spacing = c.anatomy->dome[right_side] / 22.5 * 2.3;
  for (int i = -4; i < 16; ++i) {
    const double y = -1.1 + spacing * i;
    const double half = 1.25 + 0.05 * (i + 4);
    const double x = curve * std::sin((y + 5.0) / 32.0 * kHalfTurn);
    const double tall = 0.38 * spacing;
    std::vector<TubePoint> body;
    for (const double k : {-0.62, 0.62}) {
      body.push_back(c.tube({x + k * half, y, -5.0}, tall, 1.1 * bone.density));
    }
    painter.add(body, 0.45);
    for (const double k : {-1.0, 1.0}) {
      painter.add_disc(c.tube({x + k * 0.72 * half, y - 0.25, -7.0}, 0.42, 0.5 * bone.density),
                       0.8);
      const std::vector<TubePoint> transverse{
          c.tube({x + k * half, y - 0.2, -7.5}, 0.38, 0.5 * bone.density),
          c.tube({x + k * (half + 1.1), y - 0.45, -8.0}, 0.30, 0.35 * bone.density)};
      painter.add(transverse, 0.4);
    }
    const std::vector<TubePoint> spinous{c.tube({x, y + 0.3, -9.0}, 0.28, 0.55 * bone.density),
                                         c.tube({x, y + 1.1, -9.5}, 0.24, 0.55 * bone.density)};
    painter.add(spinous, 0.3);
  }
}

void add_shoulders(TubePainter& painter, const Canvas& c, const Bone& bone, RandomStream& r) {
  const Anatomy& a = *c.anatomy;
  const double shoulder = a.half_width + a.wall + 0.8;
  const double rise = r.normal(a.bedridden ? -2.2 : -0.6, 0.5);
  const double blade = r.normal(a.bedridden ? -2.4 : -0.2, 0.8);
  for (const double s : {-1.0, 1.0}) {
    std::vector<TubePoint> clavicle;
    for (int k = 0; k <= 16; ++k) {
      const double t = k / 16.0;
      const double x = 1.6 + (shoulder - 2.6) * t;
      const double y = 2.9 + rise * t + 0.55 * std::sin(2.0 * kHalfTurn * t) - 0.6 * t;
      const double thick = 0.52 + 0.22 * std::pow(2.0 * t - 1.0, 4.0);
      clavicle.push_back(c.tube({s * x, y, 5.0 - 4.0 * t}, thick, 1.5 * bone.density));
    }
    painter.add(clavicle, 0.6);
    const double tilt = r.normal(0.0, 0.4);
    const double inner = a.half_width - 2.6 + blade;
    const auto border = [&](std::initializer_list<Point2> points, double radius, double weight) {
      std::vector<TubePoint> axis;
      for (const Point2& p : points) {
        axis.push_back(c.tube({s * p.x, p.y, -7.0}, radius, weight * bone.density));
      }
      painter.add(axis, 0.35);
    };
    border({{shoulder - 0.6, 3.6}, {inner + 3.0, 8.5}, {inner + 1.0 + tilt, 13.6}}, 0.5, 0.75);
    border({{inner + 0.8, 2.0}, {inner, 5.5}, {inner, 9.0}, {inner + 1.0 + tilt, 13.6}}, 0.3, 0.32);
    border({{inner + 0.8, 2.0}, {inner + 3.4, 1.0}, {shoulder - 2.2, 1.6}}, 0.3, 0.35);
    border({{inner + 0.3, 4.0}, {inner + 3.5, 2.4}, {shoulder + 0.4, 0.3}}, 0.45, 0.6);
    const std::vector<TubePoint> plate{
        c.tube({s * (inner + 3.0), 4.0, -7.0}, 2.6, 0.25 * bone.density),
        c.tube({s * (inner + 1.9), 9.5, -7.0}, 1.5, 0.2 * bone.density)};
    painter.add(plate);
    const double reach = 22.0;
    const Point2 head{shoulder + 1.2, 2.6};
    const std::vector<TubePoint> arm{
        c.tube({s * head.x, head.y, -2.0}, 2.1, 1.9 * bone.density),
        c.tube({s * (head.x + 1.2 * std::sin(a.arm_angle) + 0.3), head.y + 2.8, -2.0}, 1.35,
               1.7 * bone.density),
        c.tube({s * (head.x + reach * std::sin(a.arm_angle)),
                head.y + reach * std::cos(a.arm_angle), -2.0},
               1.15, 1.7 * bone.density)};
    painter.add(arm, 0.45);
  }
}

}  // namespace

void add_skeleton(ImageF& bone, const Canvas& canvas, const Plan& plan) {
  RandomStream r{plan.seed, plan.patient, static_cast<std::uint64_t>(Purpose::skeleton)};
  const Anatomy& a = *canvas.anatomy;
  const double aged = std::max(0.0, a.age - 45.0);
  const Bone quality{r.normal(1.0, 0.12) * (1.0 - 0.004 * aged) * (a.female ? 0.93 : 1.0),
                     0.02 + 0.007 * aged};
  TubePainter painter(bone);
  add_ribs(painter, canvas, quality, r);
  add_spine(painter, canvas, quality, r);
  add_shoulders(painter, canvas, quality, r);
}

}  // namespace chestmap::phantom
