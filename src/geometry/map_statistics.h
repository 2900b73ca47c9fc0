#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace chestmap {

struct ValueRange {
  double least = 0.0;
  double most = 0.0;
  std::size_t finite = 0;  ///< how many values are
};

/// The range of the finite values; nothing where there is none or where all are equal.
[[nodiscard]] std::optional<ValueRange> range_of(std::span<const float> values);

/// The index of the largest value that is no NaN, the first one of equals; 0 where all are NaN.
/// There must be a value.
[[nodiscard]] std::size_t first_of_largest(std::span<const float> values);

/// Median of the finite values, the mean of the middle two where their number is even. `range` is
/// theirs.
[[nodiscard]] double median_of(std::span<const float> values, const ValueRange& range);

}  // namespace chestmap
