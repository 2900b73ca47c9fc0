#include "metrics/ratio.h"

namespace chestmap {

void RatioOfSums::add(std::size_t image, const Fraction& share) {
  if (share.numerator != 0.0 || share.denominator != 0.0) shares_.push_back({image, share});
}

std::optional<double> RatioOfSums::value(std::span<const double> weights) const {
  Fraction sum;
  for (const Share& share : shares_) {
    const double weight = weights.empty() ? 1.0 : weights[share.image];
    sum.numerator += weight * share.fraction.numerator;
    sum.denominator += weight * share.fraction.denominator;
  }
  if (sum.denominator <= 0.0) return std::nullopt;
  return sum.numerator / sum.denominator;
}

}  // namespace chestmap
