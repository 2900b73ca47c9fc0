#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace chestmap {

enum class FindingSize { small, medium, large };

/// The terciles of the areas of true regions: small ones have an area of at most `small_most`,
/// medium ones of at most `medium_most`, large ones more.
struct SizeStrata {
  double small_most = 0.0;
  double medium_most = 0.0;

  [[nodiscard]] FindingSize of(double area) const noexcept;
};

/// Terciles interpolated linearly (definition 7 of Hyndman and Fan 1996); equal areas fall into one
/// stratum. Areas are to be shares of the frame where frames differ. Nothing for fewer than three.
///
/// Example: the areas 1, 2, 3, 4, 5, 6, 7 have their terciles at 3 and 5: small 1-3, medium 4-5,
/// large 6-7.
[[nodiscard]] std::optional<SizeStrata> size_strata(std::span<const double> areas);

}  // namespace chestmap
