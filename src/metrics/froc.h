#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "metrics/free_response.h"

namespace chestmap {

/// A point of the free-response operating characteristic (Bunch et al. 1977): the marks at or above
/// some rating.
struct FrocPoint {
  double false_marks_per_image = 0.0;  ///< NLF: false marks over all images, normal and abnormal
  double lesion_fraction = 0.0;        ///< LLF: marked lesions over all lesions
};

/// The curve from (0, 0) to its end point, where all marks count, one point a distinct rating;
/// thinned for drawing to at most some `most_points` points as `roc_curve` is, both axes over their
/// range. Empty where the images or the lesions weigh 0.
[[nodiscard]] std::vector<FrocPoint> froc_curve(const FreeResponse& response,
                                                std::size_t most_points = 200,
                                                std::span<const double> weights = {});

// Figures of the curve; nothing where the curve is empty.
//
// Example (that of the test): a normal image with a false mark of 3, one without marks, an abnormal
// image with lesions marked 4 and 2 and a false mark of 1, an abnormal image with an unmarked
// lesion: points (0, 1/3), (1/4, 1/3), (1/4, 2/3), (2/4, 2/3). MaxLLF 2/3, MaxNLF 2/4, and the
// lesion fraction at 1/8 is 1/3.

/// The lesion fraction at a number of false marks per image, by straight lines between the curve's
/// points, the highest where it rises there; beyond the end point that point's.
[[nodiscard]] std::optional<double> lesion_fraction_at(const WeighedMarks& marks,
                                                       double false_marks_per_image);
/// The mean of the lesion fractions at 1/8, 1/4, 1/2, 1, 2, 4 and 8 false marks per image (the
/// competition performance metric of ANODE09 and LUNA16; van Ginneken et al. 2010).
[[nodiscard]] std::optional<double> mean_lesion_fraction(const WeighedMarks& marks);
/// The ordinate of the end point (RJafroc's MaxLLF).
[[nodiscard]] std::optional<double> max_lesion_fraction(const WeighedMarks& marks);
/// The abscissa of the end point (RJafroc's MaxNLFAllCases).
[[nodiscard]] std::optional<double> max_false_marks_per_image(const WeighedMarks& marks);

}  // namespace chestmap
