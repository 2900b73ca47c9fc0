#include "metrics/froc.h"

#include <array>

#include "metrics/curve_thinning.h"

namespace chestmap {

namespace {

// Of the competition performance metric.
constexpr std::array<double, 7> kFalseMarksPerImage = {0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0};

double images_of(const MarkAmounts& total) { return total.normal_images + total.abnormal_images; }

bool has_curve(const MarkAmounts& total) { return images_of(total) > 0.0 && total.lesions > 0.0; }

/// Where the curve stands behind each group of marks that is added.
class Walk {
 public:
  explicit Walk(const MarkAmounts& total) : images_(images_of(total)), lesions_(total.lesions) {}

  FrocPoint add(const MarkAmounts& group) {
    false_marks_ += group.false_marks;
    found_ += group.lesions;
    return {false_marks_ / images_, found_ / lesions_};
  }

 private:
  double images_;
  double lesions_;
  double false_marks_ = 0.0;
  double found_ = 0.0;
};

}  // namespace

std::vector<FrocPoint> froc_curve(const FreeResponse& response, std::size_t most_points,
                                  std::span<const double> weights) {
  const MarkAmounts total = response.weighed(weights).total;
  if (!has_curve(total)) return {};
  const double widest = total.false_marks / images_of(total);
  CurveThinning thinning(most_points);
  std::vector<FrocPoint> curve{{0.0, 0.0}};
  FrocPoint end;
  Walk walk(total);
  response.visit_ties(weights, [&](const MarkAmounts& group) {
    const FrocPoint to = walk.add(group);
    const double share = widest > 0.0 ? to.false_marks_per_image / widest : 0.0;
    if (thinning.keep(share, to.lesion_fraction)) curve.push_back(to);
    end = to;
  });
  if (end.false_marks_per_image > curve.back().false_marks_per_image ||
      end.lesion_fraction > curve.back().lesion_fraction)
    curve.push_back(end);
  return curve;
}

std::optional<double> lesion_fraction_at(const WeighedMarks& marks, double false_marks_per_image) {
  if (!has_curve(marks.total)) return std::nullopt;
  Walk walk(marks.total);
  FrocPoint from;
  for (const MarkAmounts& stretch : marks.stretches) {
    const FrocPoint to = walk.add(stretch);
    if (false_marks_per_image < to.false_marks_per_image) {
      const double share = (false_marks_per_image - from.false_marks_per_image) /
                           (to.false_marks_per_image - from.false_marks_per_image);
      return from.lesion_fraction + share * (to.lesion_fraction - from.lesion_fraction);
    }
    from = to;
  }
  return from.lesion_fraction;
}

std::optional<double> mean_lesion_fraction(const WeighedMarks& marks) {
  if (!has_curve(marks.total)) return std::nullopt;
  double sum = 0.0;
  for (const double rate : kFalseMarksPerImage) sum += *lesion_fraction_at(marks, rate);
  return sum / static_cast<double>(kFalseMarksPerImage.size());
}

std::optional<double> max_lesion_fraction(const WeighedMarks& marks) {
  if (!has_curve(marks.total)) return std::nullopt;
  double lesions = 0.0;
  for (const MarkAmounts& stretch : marks.stretches) lesions += stretch.lesions;
  return lesions / marks.total.lesions;
}

std::optional<double> max_false_marks_per_image(const WeighedMarks& marks) {
  if (!has_curve(marks.total)) return std::nullopt;
  return marks.total.false_marks / images_of(marks.total);
}

}  // namespace chestmap
