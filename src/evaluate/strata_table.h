#pragma once

#include <string>

#include "evaluate/evaluation.h"

namespace chestmap {

/// Means over the findings by stratum, of every subject that is no control; by size, over the boxes
/// of all findings together. Empty where there are no strata.
[[nodiscard]] std::string strata_table(const Evaluation& evaluation);

/// Differences between subjects with their p values, of the measures that tables show; empty where
/// there are none.
[[nodiscard]] std::string comparison_table(const Evaluation& evaluation);

}  // namespace chestmap
