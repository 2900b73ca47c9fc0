#pragma once

#include <string>

#include "evaluate/evaluation.h"

namespace chestmap {

/// The evaluation as plain text for a terminal: for each classifier AUROC, average precision, Brier
/// score and calibration error of each finding; for each method the pointing game, T(IoU) .1, .3,
/// .5, the free-response figure and, where there are masks, their mIoU and hit rate; 95% percentile
/// intervals, means with and without Cardiomegaly; means by stratum; differences with p values; and
/// what was not computed. "-" stands for what is undefined.
[[nodiscard]] std::string to_table(const Evaluation& evaluation);

}  // namespace chestmap
