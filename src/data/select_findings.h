#pragma once

#include <vector>

#include "data/record.h"

namespace chestmap {

/// The data set with the findings at `keep` (rising indices) alone: labels follow, boxes of other
/// findings go.
[[nodiscard]] Dataset select_findings(const Dataset& dataset, const std::vector<std::size_t>& keep);

}  // namespace chestmap
