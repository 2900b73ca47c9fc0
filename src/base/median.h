#pragma once

#include <vector>

namespace chestmap {

/// The middle value, the mean of the middle two where their number is even; 0 of none.
[[nodiscard]] double median(std::vector<double> values);

/// The middle value, the upper of the middle two where their number is even. Needs a value.
[[nodiscard]] double upper_median(std::vector<double> values);

}  // namespace chestmap
