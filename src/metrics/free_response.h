#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/detection_case.h"

namespace chestmap {

/// One image in the free-response paradigm (Chakraborty 2017; the R package RJafroc): marks with
/// ratings, each of which localises a lesion or none. An image without lesions is normal. Images on
/// which the finding is known to be present but not where are to be left out.
struct FreeResponseCase {
  std::size_t image = 0;            ///< indexes the weights
  std::vector<double> lesions;      ///< each lesion's rating, minus infinity where it is not marked
  std::vector<double> importance;   ///< the lesions' weights, sum 1; empty: equal ones
  std::vector<double> false_marks;  ///< ratings of the non-lesion localisations
};

/// A mark localises a lesion where their overlap is strictly above `threshold`. A lesion's rating
/// is the highest of the marks that localise it; further marks on it count neither way, and a mark
/// that localises several lesions counts for each.
[[nodiscard]] FreeResponseCase free_response_case(const DetectionCase& image, double threshold);

/// The marks of all images in falling order of rating, sorted once, so that every figure of a
/// weighted copy costs one pass. Weights are non-negative multiplicities, one an image; an empty
/// span means 1 for each.
class FreeResponse {
 public:
  /// Throws std::invalid_argument where a rating is NaN, a false mark's rating minus infinity, or
  /// an image's importances are not as many as its lesions or do not sum to 1.
  explicit FreeResponse(std::span<const FreeResponseCase> images);

  /// Weights of images and marks. A group of equal rating has its share in each; of an image's
  /// false marks the first one of highest rating stands for the image.
  struct Amounts {
    double normal_images = 0.0;    ///< normal images whose highest false mark is here
    double abnormal_images = 0.0;  ///< likewise, images with lesions
    double false_marks = 0.0;
    double lesions = 0.0;     ///< lesions marked here
    double importance = 0.0;  ///< the sum of their importances
  };
  /// All images and lesions, marked or not (`false_marks`: all).
  [[nodiscard]] Amounts total(std::span<const double> weights) const;
  /// Calls `visit(amounts)` for each group of equal rating, the highest rating first. What is not
  /// marked is in no group.
  template <typename Visit>
  void visit_ties(std::span<const double> weights, Visit&& visit) const {
    Amounts group;
    for (const Mark& mark : marks_) {
      add(mark, weights.empty() ? 1.0 : weights[mark.image], group);
      if (!mark.ends_tie) continue;
      visit(group);
      group = {};
    }
  }

 private:
  enum class Kind : std::uint8_t { lesion, false_mark, highest_of_normal, highest_of_abnormal };
  struct Mark {
    double rating = 0.0;
    double importance = 0.0;
    std::uint32_t image = 0;
    Kind kind = Kind::lesion;
    bool ends_tie = false;
  };
  struct Image {
    std::uint32_t image = 0;
    std::uint32_t lesions = 0;
    std::uint32_t false_marks = 0;
  };
  static void add(const Mark& mark, double weight, Amounts& group);

  std::vector<Mark> marks_;
  std::vector<Image> images_;
};

}  // namespace chestmap
