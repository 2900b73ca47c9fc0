#include "metrics/free_response.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "metrics/gathered_sum.h"

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
    if (!image.lesions.empty())
      lesions_.push_back({number, static_cast<std::uint32_t>(image.lesions.size())});
    if (image.false_marks.empty())
      (image.lesions.empty() ? silent_normal_ : silent_abnormal_).push_back(number);
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
  lay_out();
}

void FreeResponse::lay_out() {
  const auto holds_lesion = [](std::span<const Mark> marks) {
    return std::any_of(marks.begin(), marks.end(),
                       [](const Mark& mark) { return mark.kind == Kind::lesion; });
  };
  const std::span<const Mark> all(marks_);
  std::size_t first = 0;  // of the false marks that wait to be laid out together
  for (std::size_t begin = 0, i = 0; i < all.size(); ++i) {
    if (!all[i].ends_tie) continue;
    const std::span<const Mark> tie = all.subspan(begin, i + 1 - begin);
    if (holds_lesion(tie)) {
      lay_out(all.subspan(first, begin - first));
      lay_out(tie);
      first = i + 1;
    }
    begin = i + 1;
  }
  lay_out(all.subspan(first));
}

void FreeResponse::lay_out(std::span<const Mark> marks) {
  if (marks.empty()) return;
  const auto append = [&](Kind kind) {
    for (const Mark& mark : marks)
      if (mark.kind == kind) false_marks_.push_back(mark.image);
    return false_marks_.size();
  };
  for (const Mark& mark : marks)
    if (mark.kind == Kind::lesion) marked_lesions_.push_back({mark.image, mark.importance});
  Stretch stretch;
  stretch.lesions = marked_lesions_.size();
  stretch.false_marks = append(Kind::false_mark);
  stretch.normal_images = append(Kind::highest_of_normal);
  stretch.abnormal_images = append(Kind::highest_of_abnormal);
  stretches_.push_back(stretch);
}

WeighedMarks FreeResponse::weighed(std::span<const double> weights) const {
  WeighedMarks marks;
  marks.stretches.reserve(stretches_.size());
  MarkAmounts& total = marks.total;
  const auto weight_of = [&](std::uint32_t image) {
    return weights.empty() ? 1.0 : weights[image];
  };
  const std::span<const std::uint32_t> images(false_marks_);
  std::size_t lesion = 0;
  std::size_t at = 0;
  const auto sum_to = [&](std::size_t end) {
    const double sum = gathered_sum(images.subspan(at, end - at), weights);
    at = end;
    return sum;
  };
  for (const Stretch& stretch : stretches_) {
    MarkAmounts amounts;
    for (; lesion < stretch.lesions; ++lesion) {
      const double weight = weight_of(marked_lesions_[lesion].image);
      amounts.lesions += weight;
      amounts.importance += weight * marked_lesions_[lesion].importance;
    }
    amounts.false_marks = sum_to(stretch.false_marks);
    amounts.normal_images = sum_to(stretch.normal_images);
    amounts.abnormal_images = sum_to(stretch.abnormal_images);
    amounts.false_marks += amounts.normal_images + amounts.abnormal_images;
    total.normal_images += amounts.normal_images;
    total.abnormal_images += amounts.abnormal_images;
    total.false_marks += amounts.false_marks;
    marks.stretches.push_back(amounts);
  }
  total.normal_images += gathered_sum(silent_normal_, weights);
  total.abnormal_images += gathered_sum(silent_abnormal_, weights);
  total.importance = total.abnormal_images;
  for (const Lesions& lesions : lesions_) total.lesions += weight_of(lesions.image) * lesions.count;
  return marks;
}

void FreeResponse::add(const Mark& mark, double weight, MarkAmounts& group) {
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
