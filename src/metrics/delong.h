#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "metrics/bootstrap.h"
#include "metrics/ranking.h"

namespace chestmap {

// The variance of AUROC by DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988, computed from
// mid-ranks in O(n log n) (Sun and Xu, IEEE Signal Processing Letters 21, 2014).
//
// With m positives of scores x and n negatives of scores y, each positive's component is the share
// of negatives that it beats, ties one half,
//   V10_i = 1/n sum_j ([x_i > y_j] + [x_i = y_j] / 2),
// each negative's V01_j the share of positives that beat it. AUROC is the mean of either, and
//   var = S10 / m + S01 / n
// with S10, S01 the sample variances (over m - 1 and n - 1); for two classifiers of the same images
// the covariance likewise. Images count as independent: where patients have several, the interval
// is too narrow, and the bootstrap over patients is the one to report.

/// AUROC with its standard error.
struct DeLong {
  double auroc = 0.0;
  double variance = 0.0;
};
/// Nothing where there are fewer than two positives or two negatives. Throws std::invalid_argument
/// where a score is NaN.
///
/// Example: positives 0.9 and 0.4, negatives 0.5 and 0.1. V10 = 1, 1/2 and V01 = 1/2, 1; AUROC 3/4;
/// S10 = S01 = 1/8; variance 1/16 + 1/16 = 1/8.
[[nodiscard]] std::optional<DeLong> delong(std::span<const ScoredLabel> images);
/// auroc -+ z * standard error, cut to [0, 1].
[[nodiscard]] Interval delong_interval(const DeLong& estimate, double coverage = 0.95);

/// An image's scores by two classifiers, with what its label says.
struct PairedScore {
  double a = 0.0;
  double b = 0.0;
  bool positive = false;
};
/// Two correlated AUROCs compared: z = (a - b) / sqrt(var a + var b - 2 cov).
struct DeLongTest {
  DeLong a;
  DeLong b;
  double covariance = 0.0;
  double z = 0.0;
  double p = 1.0;  ///< two-sided
};
/// Nothing where `delong` has none. Where the difference has no variance, e.g. of a classifier with
/// itself, z is 0 and p 1 if it is 0, and z infinite and p 0 otherwise.
[[nodiscard]] std::optional<DeLongTest> delong_test(std::span<const PairedScore> images);

}  // namespace chestmap
