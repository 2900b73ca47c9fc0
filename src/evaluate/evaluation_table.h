#pragma once

#include <string>

#include "evaluate/evaluation.h"

namespace chestmap {

/// The evaluation as plain text for a terminal: AUROC and average precision of each finding, then
/// for each method the pointing game and T(IoU) .1, .3, .5 of each finding with 95% intervals, and
/// the means with and without Cardiomegaly. "-" stands for what is undefined.
[[nodiscard]] std::string to_table(const Evaluation& evaluation);

}  // namespace chestmap
