#include "data/phantom/distractors.h"

#include <cmath>

#include "base/random.h"

namespace chestmap::phantom {

namespace {

void add_nipples(TubePainter& painter, const Canvas& c, RandomStream& r) {
  const Anatomy& a = *c.anatomy;
  if (!r.chance(0.25)) return;
  const double size = r.uniform(0.35, 0.75);
  const double weight = r.uniform(0.4, 1.3);
  const double height = a.dome[right_side] * r.uniform(0.78, 0.95) + 0.5 * a.breast_size;
  for (const double s : {-1.0, 1.0}) {
    if (r.chance(0.2)) continue;
    const Point3 at{s * (8.6 + r.normal(0.0, 0.8)), height + r.normal(0.0, 0.5), 10.0};
    painter.add_disc(c.tube(at, size * r.uniform(0.85, 1.15), weight));
  }
}

/// One-sided ramps: a sharp edge outwards and a slow fall inwards, drawn as a stack of lines.
void add_skin_folds(TubePainter& painter, const Canvas& c, RandomStream& r) {
  const Anatomy& a = *c.anatomy;
  const int folds = r.chance(a.bedridden ? 0.35 : 0.15) ? 1 + static_cast<int>(r.below(2)) : 0;
  for (int f = 0; f < folds; ++f) {
    const double s = r.chance(0.5) ? -1.0 : 1.0;
    const double x = r.uniform(7.0, 12.5);
    const double top = r.uniform(0.5, 6.0);
    const double length = r.uniform(6.0, 15.0);
    const double lean = r.normal(0.12, 0.15);
    const double bend = r.normal(0.5, 0.5);
    const double weight = r.uniform(0.25, 0.8);
    constexpr int kLayers = 7;
    for (int layer = 0; layer < kLayers; ++layer) {
      std::vector<TubePoint> axis;
      const double wide = 0.12 + 0.22 * layer;
      for (int k = 0; k <= 10; ++k) {
        const double t = k / 10.0;
        const double px = x + lean * length * t + bend * std::sin(3.1416 * t) - wide;
        const double ends = std::sin(3.1416 * (0.08 + 0.84 * t));
        axis.push_back(c.tube({s * px, top + length * t, 0.0}, wide, weight / kLayers * ends));
      }
      painter.add(axis);
    }
  }
}

void add_scars(TubePainter& painter, const Canvas& c, RandomStream& r) {
  const Anatomy& a = *c.anatomy;
  const std::uint64_t count = r.below(4);
  for (std::uint64_t i = 0; i < count; ++i) {
    const double s = r.chance(0.5) ? -1.0 : 1.0;
    const double x = s * r.uniform(3.0, 12.0);
    const double y = r.uniform(0.1, 0.95) * a.dome[right_side];
    const double angle = r.uniform(-0.5, 0.5);
    const double length = r.uniform(0.8, 4.0);
    const double weight = r.uniform(0.15, 0.6);
    const double radius = r.uniform(0.08, 0.25);
    const std::vector<TubePoint> axis{
        c.tube({x, y, 0.0}, radius, weight),
        c.tube({x + 0.5 * length * std::cos(angle), y + 0.5 * length * std::sin(angle), 0.0},
               radius, weight),
        c.tube({x + length * std::cos(angle + 0.2), y + length * std::sin(angle + 0.2), 0.0},
               0.5 * radius, 0.3 * weight)};
    painter.add(axis);
  }
}

/// A smooth path through the given points.
std::vector<TubePoint> wire(const Canvas& c, std::span<const Point2> points, double radius,
                            double weight) {
  std::vector<TubePoint> axis;
  const std::size_t n = points.size();
  for (std::size_t i = 0; i + 1 < n; ++i) {
    const Point2& before = points[i == 0 ? 0 : i - 1];
    const Point2& a = points[i];
    const Point2& b = points[i + 1];
    const Point2& after = points[i + 2 < n ? i + 2 : n - 1];
    for (int k = 0; k <= 8; ++k) {
      const double t = k / 8.0;
      const auto spline = [t](double p0, double p1, double p2, double p3) {
        return 0.5 * (2.0 * p1 + (p2 - p0) * t + (2.0 * p0 - 5.0 * p1 + 4.0 * p2 - p3) * t * t +
                      (3.0 * p1 - p0 - 3.0 * p2 + p3) * t * t * t);
      };
      axis.push_back(
          c.tube({spline(before.x, a.x, b.x, after.x), spline(before.y, a.y, b.y, after.y), 6.0},
                 radius, weight));
    }
  }
  return axis;
}

void add_electrodes(TubePainter& painter, const Canvas& c, RandomStream& r) {
  const int count = 2 + static_cast<int>(r.below(4));
  for (int i = 0; i < count; ++i) {
    const double s = i % 2 == 0 ? -1.0 : 1.0;
    const Point2 at{s * r.uniform(4.0, 14.0), r.uniform(2.0, 24.0)};
    TubePoint pad = c.tube({at.x, at.y, 10.0}, 0.55, 0.25);
    painter.add_disc(pad, 0.3);
    const Point2 exit{s * r.uniform(10.0, 22.0), r.chance(0.5) ? -6.0 : 32.0};
    const Point2 middle{0.5 * (at.x + exit.x) + r.normal(0.0, 2.5),
                        0.5 * (at.y + exit.y) + r.normal(0.0, 2.5)};
    const std::vector<Point2> path{at, middle, exit};
    painter.add(wire(c, path, 0.09, 0.3));
  }
}

void add_lines_and_tubes(TubePainter& painter, const Canvas& c, RandomStream& r) {
  const Anatomy& a = *c.anatomy;
  if (r.chance(0.35)) {
    const double s = r.chance(0.7) ? -1.0 : 1.0;
    const std::vector<Point2> line{{s * r.uniform(5.0, 9.0), -4.0},
                                   {s * 3.2, 2.0},
                                   {-2.3, 6.5},
                                   {-2.4 + r.normal(0.0, 0.3), r.uniform(9.0, 13.0)}};
    painter.add(wire(c, line, 0.11, 0.16));
  }
  if (r.chance(0.2)) {
    const std::vector<Point2> tube{{0.2, -9.0}, {0.0, -2.0}, {-0.2, r.uniform(2.0, 5.5)}};
    painter.add(wire(c, tube, 0.42, 0.16), 0.9);
  }
  if (r.chance(0.25)) {
    const std::vector<Point2> tube{{0.6, -9.0},
                                   {0.3, 4.0},
                                   {0.9, 14.0},
                                   {2.0, a.dome[left_side] + 1.0},
                                   {5.0 + r.normal(0.0, 1.0), a.dome[left_side] + 5.0}};
    painter.add(wire(c, tube, 0.2, 0.16), 0.6);
  }
}

void add_pacemaker(TubePainter& painter, const Canvas& c, RandomStream& r) {
  const double s = r.chance(0.85) ? 1.0 : -1.0;
  const Point2 at{s * r.uniform(8.5, 11.0), r.uniform(4.0, 7.0)};
  const std::vector<TubePoint> can{c.tube({at.x - 0.8, at.y, 8.0}, 2.0, 1.6),
                                   c.tube({at.x + 0.8, at.y + 0.3, 8.0}, 2.0, 1.6)};
  painter.add(can, 0.3);
  const std::vector<Point2> lead{at,
                                 {s * 6.0, 2.2},
                                 {-1.6, 6.0},
                                 {-2.6, 14.0},
                                 {3.0 + r.normal(0.0, 1.0), c.anatomy->dome[left_side] - 0.8}};
  painter.add(wire(c, lead, 0.12, 0.5));
}

}  // namespace

void add_distractors(ImageF& soft, const Canvas& canvas, const Plan& plan) {
  RandomStream r{plan.seed, plan.patient, plan.image,
                 static_cast<std::uint64_t>(Purpose::distractors)};
  TubePainter painter(soft);
  add_nipples(painter, canvas, r);
  add_skin_folds(painter, canvas, r);
  add_scars(painter, canvas, r);
}

void add_devices(ImageF& attenuation, const Canvas& canvas, const Plan& plan) {
  RandomStream r{plan.seed, plan.patient, plan.image, static_cast<std::uint64_t>(Purpose::devices)};
  TubePainter painter(attenuation);
  const bool bed = canvas.anatomy->bedridden;
  if (r.chance(bed ? 0.55 : 0.04)) add_electrodes(painter, canvas, r);
  if (r.chance(bed ? 0.6 : 0.03)) add_lines_and_tubes(painter, canvas, r);
  RandomStream person{plan.seed, plan.patient, static_cast<std::uint64_t>(Purpose::devices)};
  if (person.chance(0.04)) add_pacemaker(painter, canvas, person);
}

}  // namespace chestmap::phantom
