#include "data/phantom/vessels.h"

#include <cmath>

#include "base/random.h"

namespace chestmap::phantom {

namespace {

class Tree {
 public:
  Tree(TubePainter& painter, const Canvas& canvas, RandomStream& stream)
      : painter_(&painter), canvas_(&canvas), r_(&stream) {}

  void grow(Point3 at, double angle, double radius, int generation) {
    RandomStream& r = *r_;
    const double length = (1.2 + 4.2 * radius) * r.uniform(0.8, 1.6);
    const double dive = r.normal(0.0, 0.6);
    std::vector<TubePoint> axis{canvas_->tube(at, radius, 2.6 * radius)};
    double end_radius = radius;
    constexpr int kSteps = 4;
    for (int k = 0; k < kSteps; ++k) {
      angle += r.normal(0.0, 0.13);
      const double step = length / kSteps;
      at.x += std::cos(angle) * step;
      at.y += std::sin(angle) * step;
      at.z += dive * step;
      end_radius *= 0.95;
      axis.push_back(canvas_->tube(at, end_radius, 2.6 * end_radius));
    }
    painter_->add(axis);
    // A branch that runs along the ray is seen as a dot.
    if (radius > 0.09 && r.chance(0.10)) {
      const double dot = radius * r.uniform(0.6, 1.0);
      painter_->add_disc(canvas_->tube(at, dot, 4.0 * dot));
    }
    if (generation <= 0 || end_radius < 0.045) return;
    const double open = r.uniform(0.28, 0.62);
    const double share = r.uniform(0.60, 0.92);
    grow(at, angle + open * (1.0 - 0.5 * share), end_radius * (1.45 - share), generation - 1);
    grow(at, angle - open * share, end_radius * share, generation - 1);
  }

 private:
  TubePainter* painter_;
  const Canvas* canvas_;
  RandomStream* r_;
};

}  // namespace

void add_vessels(ImageF& vessels, const Canvas& canvas, const Plan& plan) {
  const Anatomy& a = *canvas.anatomy;
  RandomStream r{plan.seed, plan.patient, static_cast<std::uint64_t>(Purpose::vessels)};
  TubePainter painter(vessels);
  Tree tree(painter, canvas, r);
  const double fullness = r.normal(1.0, 0.12);
  for (const double s : {-1.0, 1.0}) {
    const double level = a.dome[right_side] * (s < 0.0 ? 0.475 : 0.44);
    const Point3 hilum{s * 3.4, level, 1.0};
    const std::vector<TubePoint> root{
        canvas.tube({s * 2.2, level - 0.6, 1.0}, 1.0, 1.6),
        canvas.tube(hilum, 0.95 * fullness, 1.6),
        canvas.tube({s * 4.2, level + 2.2, 0.0}, 0.75 * fullness, 1.3),
        canvas.tube({s * 5.0, level + 4.6, 0.0}, 0.5 * fullness, 1.0)};
    painter.add(root);
    constexpr int kTrunks = 18;
    for (int k = 0; k < kTrunks; ++k) {
      // From upwards over sideways to downwards, denser below.
      const double t = (k + r.uniform(0.0, 0.9)) / kTrunks;
      const double down = -1.35 + 2.8 * t;
      const double angle = s > 0.0 ? down : 3.14159265358979 - down;
      const double radius = fullness * (0.21 + 0.19 * t) * r.uniform(0.75, 1.25);
      const Point3 from{hilum.x + s * r.uniform(0.0, 0.8), level + 3.2 * t * r.uniform(0.2, 1.2),
                        r.normal(0.0, 2.0)};
      tree.grow(from, angle, radius, 6);
    }
  }
}

void add_airways(ImageF& air, const Canvas& canvas, const Plan& plan) {
  const Anatomy& a = *canvas.anatomy;
  RandomStream r{plan.seed, plan.patient, static_cast<std::uint64_t>(Purpose::vessels), 1};
  TubePainter painter(air);
  const double carina = a.dome[right_side] * 0.33;
  const double radius = r.normal(a.female ? 0.80 : 0.95, 0.06);
  const double drift = 0.35 + r.normal(0.0, 0.15);
  std::vector<TubePoint> trachea;
  for (int k = 0; k <= 8; ++k) {
    const double t = k / 8.0;
    trachea.push_back(canvas.tube({-drift * t * t, -9.0 + (carina + 9.0) * t, 1.0 - 3.0 * t},
                                  radius, 2.0 * radius));
  }
  painter.add(trachea);
  const Point3 split{-drift, carina, -2.0};
  for (const double s : {-1.0, 1.0}) {
    const double fall = s < 0.0 ? 0.9 : 0.65;
    const double length = s < 0.0 ? 3.2 : 4.4;
    const std::vector<TubePoint> bronchus{
        canvas.tube(split, 0.75 * radius, 1.2 * radius),
        canvas.tube({split.x + s * length * 0.6, carina + length * 0.6 * fall, -2.0}, 0.62 * radius,
                    1.0 * radius),
        canvas.tube({split.x + s * length, carina + length * fall, -2.0}, 0.5 * radius,
                    0.7 * radius)};
    painter.add(bronchus);
  }
}

}  // namespace chestmap::phantom
