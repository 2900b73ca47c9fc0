#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "metrics/ranking.h"

namespace chestmap {

/// A bar of a reliability diagram: the images whose probability lies in (low, high]; the first bar
/// holds 0 too.
struct ReliabilityBin {
  double low = 0.0;
  double high = 0.0;
  double weight = 0.0;            ///< of its images
  double mean_probability = 0.0;  ///< 0 where it is empty
  double positive_share = 0.0;    ///< likewise
};

/// `bins` bars of equal width over [0, 1] (DeGroot and Fienberg 1983). Empty where a score is
/// outside [0, 1].
[[nodiscard]] std::vector<ReliabilityBin> reliability_diagram(const Ranking& ranking,
                                                              std::size_t bins = 10,
                                                              std::span<const double> weights = {});

/// Expected calibration error over 10 bins (Naeini 2015; Guo et al. 2017): the mean over images of
/// |mean probability - share of positives| of the image's bin. Nothing where no image weighs
/// anything, or where a score is outside [0, 1].
///
/// Example: 0.9 for a positive, 0.85 and 0.1 for two negatives: the bin (0.8, 0.9] has mean 0.875
/// and share 0.5, the bin (0, 0.1] 0.1 and 0: 2/3 * 0.375 + 1/3 * 0.1.
[[nodiscard]] std::optional<double> expected_calibration_error(
    const Ranking& ranking, std::span<const double> weights = {});

}  // namespace chestmap
