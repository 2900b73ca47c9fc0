#include "metrics/afroc.h"

#include "metrics/curve_thinning.h"

namespace chestmap {

namespace {

/// What one kind of curve counts of a group of marks.
struct Axes {
  bool all_images = false;
  bool weighted = false;

  explicit Axes(Afroc kind)
      : all_images(kind == Afroc::afroc1 || kind == Afroc::wafroc1),
        weighted(kind == Afroc::wafroc || kind == Afroc::wafroc1) {}

  [[nodiscard]] double images(const MarkAmounts& amounts) const {
    return amounts.normal_images + (all_images ? amounts.abnormal_images : 0.0);
  }
  [[nodiscard]] double lesions(const MarkAmounts& amounts) const {
    return weighted ? amounts.importance : amounts.lesions;
  }
};

}  // namespace

std::vector<AfrocPoint> afroc_curve(const FreeResponse& response, Afroc kind,
                                    std::size_t most_points, std::span<const double> weights) {
  const Axes axes(kind);
  const MarkAmounts total = response.weighed(weights).total;
  const double all_images = axes.images(total);
  const double all_lesions = axes.lesions(total);
  if (all_images <= 0.0 || all_lesions <= 0.0) return {};
  CurveThinning thinning(most_points);
  std::vector<AfrocPoint> curve{{0.0, 0.0}};
  AfrocPoint end;
  double images = 0.0;
  double lesions = 0.0;
  response.visit_ties(weights, [&](const MarkAmounts& group) {
    images += axes.images(group);
    lesions += axes.lesions(group);
    end = {images / all_images, lesions / all_lesions};
    if (thinning.keep(end.false_positive_fraction, end.lesion_fraction)) curve.push_back(end);
  });
  // The end point must not be thinned away: the line to (1, 1) starts from it.
  for (const AfrocPoint& point : {end, AfrocPoint{1.0, 1.0}})
    if (point.false_positive_fraction > curve.back().false_positive_fraction ||
        point.lesion_fraction > curve.back().lesion_fraction)
      curve.push_back(point);
  return curve;
}

std::optional<double> afroc_area(const WeighedMarks& marks, Afroc kind) {
  const Axes axes(kind);
  double images_left = axes.images(marks.total);
  const double all_images = images_left;
  const double all_lesions = axes.lesions(marks.total);
  if (all_images <= 0.0 || all_lesions <= 0.0) return std::nullopt;
  double above = 0.0;
  double won = 0.0;
  for (const MarkAmounts& stretch : marks.stretches) {
    const double lesions = axes.lesions(stretch);
    won += axes.images(stretch) * (above + lesions / 2.0);
    above += lesions;
    images_left -= axes.images(stretch);
  }
  // Images without false marks and unmarked lesions are tied.
  won += images_left * (above + (all_lesions - above) / 2.0);
  return won / (all_images * all_lesions);
}

}  // namespace chestmap
