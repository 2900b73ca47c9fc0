#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "metrics/free_response.h"

namespace chestmap {

// The alternative free-response operating characteristics (Chakraborty and Winter 1990; Chakraborty
// 2017) under RJafroc's definitions. The abscissa is the false positive fraction (FPF): images
// whose highest false mark is at or above the rating, over the images. Normal images alone count,
// or, in those named 1, all images. The ordinate is the lesion localisation fraction: lesions
// marked at or above it over all lesions, or, in the weighted ones, the mean over abnormal images
// of the sum of their lesions' importances. From the end point, where all marks count, a straight
// line leads to (1, 1).
//
// The figure of merit is the area under it by trapezoids, which is the probability that a lesion is
// rated above an image's highest false mark: with psi = 1, 1/2 or 0 as it is above, equal to or
// below, and what is not marked rated minus infinity,
//   wAFROC = 1 / (K1 K2) sum over normal images k1, abnormal images k2, their lesions l of
//            importance(k2, l) psi(highest false mark of k1, rating of (k2, l)).
// Nothing where the images that count or the lesions weigh 0. RJafroc recommends wAFROC, and AFROC1
// and wAFROC1 only where there are no normal images.
//
// Example (that of froc.h): the normal images' highest false marks are 3 and none, the lesions are
// rated 4, 2 | none. AFROC: pairs won (1 + 1) + (0 + 1) + (0 + 1/2) of 2 * 3. wAFROC: with
// importances 1/2, 1/2 | 1: (1/2 * 2 + 1/2 * 1 + 1 * 1/2) / (2 * 2).

enum class Afroc { afroc, wafroc, afroc1, wafroc1 };

struct AfrocPoint {
  double false_positive_fraction = 0.0;
  double lesion_fraction = 0.0;
};

/// From (0, 0) to (1, 1), one point a distinct rating; thinned for drawing as `roc_curve` is.
[[nodiscard]] std::vector<AfrocPoint> afroc_curve(const FreeResponse& response, Afroc kind,
                                                  std::size_t most_points = 200,
                                                  std::span<const double> weights = {});
/// The area under the curve.
[[nodiscard]] std::optional<double> afroc_area(const WeighedMarks& marks, Afroc kind);

}  // namespace chestmap
