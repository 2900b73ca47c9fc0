#include "metrics/free_response.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace chestmap {

namespace {

constexpr double kUnmarked = -std::numeric_limits<double>::infinity();

void require_sound(const FreeResponseCase& image) {
  const auto is_nan = [](double rating) { return std::isnan(rating); };
  if (std::any_of(image.lesions.begin(), image.lesions.end(), is_nan) ||
      std::any_of(image.false_marks.begin(), image.false_marks.end(),
                  [&](double rating) { return is_nan(rating) || rating == kUnmarked; }))
    throw std::invalid_argument("a mark's rating is no number");
  if (image.importance.empty()) return;
  if (image.importance.size() != image.lesions.size())
    throw std::invalid_argument("an image's lesions and their weights differ in number");
  const double sum = std::accumulate(image.importance.begin(), image.importance.end(), 0.0);
  if (!(std::abs(sum - 1.0) < 1e-9))
    throw std::invalid_argument("the weights of an image's lesions do not sum to 1");
}

}  // namespace

FreeResponseCase free_response_case(const DetectionCase& image, double threshold) {
  FreeResponseCase result;
  result.image = image.image;
  result.lesions.assign(image.truths, kUnmarked);
  for (std::size_t mark = 0; mark < image.scores.size(); ++mark) {
    bool on_lesion = false;
    for (std::size_t lesion = 0; lesion < image.truths; ++lesion) {
      if (!(image.overlap(mark, lesion) > threshold)) continue;
      on_lesion = true;
      result.lesions[lesion] = std::max(result.lesions[lesion], image.scores[mark]);
    }
    if (!on_lesion) result.false_marks.push_back(image.scores[mark]);
  }
  return result;
}

FreeResponse::FreeResponse(std::span<const FreeResponseCase> images) {
  for (const FreeResponseCase& image : images) {
    require_sound(image);
    const auto number = static_cast<std::uint32_t>(image.image);
    images_.push_back({number, static_cast<std::uint32_t>(image.lesions.size()),
                       static_cast<std::uint32_t>(image.false_marks.size())});
    const double equal = 1.0 / static_cast<double>(image.lesions.size());
    for (std::size_t i = 0; i < image.lesions.size(); ++i)
      if (image.lesions[i] != kUnmarked)
        marks_.push_back({image.lesions[i], image.importance.empty() ? equal : image.importance[i],
                          number, Kind::lesion, false});
    const auto highest = std::max_element(image.false_marks.begin(), image.false_marks.end());
    for (auto mark = image.false_marks.begin(); mark != image.false_marks.end(); ++mark) {
      const Kind standing =
          image.lesions.empty() ? Kind::highest_of_normal : Kind::highest_of_abnormal;
      marks_.push_back({*mark, 0.0, number, mark == highest ? standing : Kind::false_mark, false});
    }
  }
  std::sort(marks_.begin(), marks_.end(), [](const Mark& a, const Mark& b) {
    if (a.rating != b.rating) return a.rating > b.rating;
    if (a.image != b.image) return a.image < b.image;
    // Sums of equal ratings are to be rounded alike, in whatever order the images came.
    return a.kind != b.kind ? a.kind < b.kind : a.importance < b.importance;
  });
  for (std::size_t i = 0; i < marks_.size(); ++i)
    marks_[i].ends_tie = i + 1 == marks_.size() || marks_[i + 1].rating != marks_[i].rating;
}

FreeResponse::Amounts FreeResponse::total(std::span<const double> weights) const {
  Amounts sum;
  for (const Image& image : images_) {
    const double weight = weights.empty() ? 1.0 : weights[image.image];
    (image.lesions == 0 ? sum.normal_images : sum.abnormal_images) += weight;
    sum.lesions += weight * image.lesions;
    sum.importance += image.lesions == 0 ? 0.0 : weight;
    sum.false_marks += weight * image.false_marks;
  }
  return sum;
}

void FreeResponse::add(const Mark& mark, double weight, Amounts& group) {
  if (mark.kind == Kind::lesion) {
    group.lesions += weight;
    group.importance += weight * mark.importance;
    return;
  }
  group.false_marks += weight;
  if (mark.kind == Kind::highest_of_normal) group.normal_images += weight;
  if (mark.kind == Kind::highest_of_abnormal) group.abnormal_images += weight;
}

}  // namespace chestmap
