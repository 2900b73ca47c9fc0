#pragma once

#include <span>
#include <vector>

namespace chestmap {

/// P values adjusted for their number by Holm's step-down method (Holm, Scandinavian Journal of
/// Statistics 6, 1979), in the order given: the i-th smallest of m becomes the largest of
/// (m - j + 1) p_j over j <= i, at most 1. Rejecting those at or below a level keeps the
/// probability of any false rejection at that level, whatever the dependence. NaN stays NaN and is
/// not counted.
///
/// Example: .01, .04, .03, .005 become .03, .06, .06, .02: 4 * .005; 3 * .01; 2 * .03; and for .04
/// max(.06, 1 * .04).
[[nodiscard]] std::vector<double> holm_adjusted(std::span<const double> p_values);

}  // namespace chestmap
