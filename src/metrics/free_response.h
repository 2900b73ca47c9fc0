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

/// Weights of images and marks. A group of marks has its share in each; of an image's false marks
/// the first one of highest rating stands for the image.
struct MarkAmounts {
  double normal_images = 0.0;    ///< normal images whose highest false mark is here
  double abnormal_images = 0.0;  ///< likewise, images with lesions
  double false_marks = 0.0;
  double lesions = 0.0;     ///< lesions marked here
  double importance = 0.0;  ///< the sum of their importances
};

/// The marks of weighted images, as far as figures depend on them.
struct WeighedMarks {
  MarkAmounts total;  ///< all images and lesions, marked or not (`false_marks`: all)
  /// The highest rating first: each group of equal rating that holds a marked lesion, and between
  /// two of them all false marks together, since no curve turns there.
  std::vector<MarkAmounts> stretches;
};

/// The marks of all images in falling order of rating, sorted once, so that all figures of a
/// weighted copy share one pass. Weights are non-negative multiplicities, one an image; an empty
/// span means 1 for each.
class FreeResponse {
 public:
  /// Throws std::invalid_argument where a rating is NaN, a false mark's rating minus infinity, or
  /// an image's importances are not as many as its lesions or do not sum to 1.
  explicit FreeResponse(std::span<const FreeResponseCase> images);

  [[nodiscard]] WeighedMarks weighed(std::span<const double> weights = {}) const;
  /// Calls `visit(amounts)` for each group of equal rating, the highest rating first. What is not
  /// marked is in no group.
  template <typename Visit>
  void visit_ties(std::span<const double> weights, Visit&& visit) const {
    MarkAmounts group;
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
  /// The images of one kind of mark in a stretch end where the next kind's begin, in this order.
  struct Stretch {
    std::size_t lesions = 0;  ///< end in `marked_lesions_`
    std::size_t false_marks = 0;
    std::size_t normal_images = 0;
    std::size_t abnormal_images = 0;
  };
  struct Lesions {
    std::uint32_t image = 0;
    std::uint32_t count = 0;
  };
  struct MarkedLesion {
    std::uint32_t image = 0;
    double importance = 0.0;
  };
  static void add(const Mark& mark, double weight, MarkAmounts& group);
  void lay_out();
  void lay_out(std::span<const Mark> marks);

  std::vector<Mark> marks_;
  std::vector<Stretch> stretches_;
  std::vector<MarkedLesion> marked_lesions_;  ///< by stretch
  std::vector<std::uint32_t> false_marks_;    ///< images, by stretch and kind
  std::vector<std::uint32_t> silent_normal_;  ///< normal images without a false mark
  std::vector<std::uint32_t> silent_abnormal_;
  std::vector<Lesions> lesions_;
};

}  // namespace chestmap
