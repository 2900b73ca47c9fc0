#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "metrics/localization_case.h"

namespace chestmap {

/// A measure of the form sum w_i numerator_i / sum w_i denominator_i over images i.
class RatioOfSums {
 public:
  /// `image` indexes the weights. A share of 0 / 0 is dropped.
  void add(std::size_t image, const Fraction& share);
  /// Nothing where the denominators weigh 0. An empty `weights` means 1 for every image.
  [[nodiscard]] std::optional<double> value(std::span<const double> weights = {}) const;

 private:
  struct Share {
    std::size_t image = 0;
    Fraction fraction;
  };
  std::vector<Share> shares_;
};

}  // namespace chestmap
