#include "metrics/froc.h"

#include <array>
#include <numeric>

#include "metrics/curve_thinning.h"

namespace chestmap {

namespace {

// Of the competition performance metric.
constexpr std::array<double, 7> kFalseMarksPerImage = {0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0};

double images_of(const FreeResponse::Amounts& total) {
  return total.normal_images + total.abnormal_images;
}

bool has_curve(const FreeResponse::Amounts& total) {
  return images_of(total) > 0.0 && total.lesions > 0.0;
}

/// Calls `visit(from, to)` for each step of the curve.
template <typename Visit>
void visit_steps(const FreeResponse& response, std::span<const double> weights,
                 const FreeResponse::Amounts& total, Visit&& visit) {
  double false_marks = 0.0;
  double lesions = 0.0;
  FrocPoint from;
  response.visit_ties(weights, [&](const FreeResponse::Amounts& group) {
    false_marks += group.false_marks;
    lesions += group.lesions;
    const FrocPoint to{false_marks / images_of(total), lesions / total.lesions};
    visit(from, to);
    from = to;
  });
}

/// The lesion fractions at each of `rates`, which rise.
std::optional<std::vector<double>> fractions_at(const FreeResponse& response,
                                                std::span<const double> rates,
                                                std::span<const double> weights) {
  const FreeResponse::Amounts total = response.total(weights);
  if (!has_curve(total)) return std::nullopt;
  std::vector<double> fractions;
  double last = 0.0;
  visit_steps(response, weights, total, [&](const FrocPoint& from, const FrocPoint& to) {
    while (fractions.size() < rates.size() && rates[fractions.size()] < to.false_marks_per_image) {
      const double share = (rates[fractions.size()] - from.false_marks_per_image) /
                           (to.false_marks_per_image - from.false_marks_per_image);
      fractions.push_back(from.lesion_fraction +
                          share * (to.lesion_fraction - from.lesion_fraction));
    }
    last = to.lesion_fraction;
  });
  fractions.resize(rates.size(), last);
  return fractions;
}

}  // namespace

std::vector<FrocPoint> froc_curve(const FreeResponse& response, std::size_t most_points,
                                  std::span<const double> weights) {
  const FreeResponse::Amounts total = response.total(weights);
  if (!has_curve(total)) return {};
  const double widest = total.false_marks / images_of(total);
  CurveThinning thinning(most_points);
  std::vector<FrocPoint> curve{{0.0, 0.0}};
  FrocPoint end;
  visit_steps(response, weights, total, [&](const FrocPoint&, const FrocPoint& to) {
    const double share = widest > 0.0 ? to.false_marks_per_image / widest : 0.0;
    if (thinning.keep(share, to.lesion_fraction)) curve.push_back(to);
    end = to;
  });
  if (end.false_marks_per_image > curve.back().false_marks_per_image ||
      end.lesion_fraction > curve.back().lesion_fraction)
    curve.push_back(end);
  return curve;
}

std::optional<double> lesion_fraction_at(const FreeResponse& response, double false_marks_per_image,
                                         std::span<const double> weights) {
  const std::array<double, 1> rates = {false_marks_per_image};
  const auto fractions = fractions_at(response, rates, weights);
  if (!fractions) return std::nullopt;
  return fractions->front();
}

std::optional<double> mean_lesion_fraction(const FreeResponse& response,
                                           std::span<const double> weights) {
  const auto fractions = fractions_at(response, kFalseMarksPerImage, weights);
  if (!fractions) return std::nullopt;
  return std::accumulate(fractions->begin(), fractions->end(), 0.0) /
         static_cast<double>(fractions->size());
}

std::optional<double> max_lesion_fraction(const FreeResponse& response,
                                          std::span<const double> weights) {
  const FreeResponse::Amounts total = response.total(weights);
  if (!has_curve(total)) return std::nullopt;
  double lesions = 0.0;
  response.visit_ties(weights,
                      [&](const FreeResponse::Amounts& group) { lesions += group.lesions; });
  return lesions / total.lesions;
}

std::optional<double> max_false_marks_per_image(const FreeResponse& response,
                                                std::span<const double> weights) {
  const FreeResponse::Amounts total = response.total(weights);
  if (!has_curve(total)) return std::nullopt;
  return total.false_marks / images_of(total);
}

}  // namespace chestmap
