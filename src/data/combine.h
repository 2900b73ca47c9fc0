#pragma once

#include <vector>

#include "data/record.h"

namespace chestmap {

/// Several data sets as one; a single one comes out as it is. The findings are all that any of them
/// has, in order of appearance, matched as FindingIndex does; where a data set lacks one, its label
/// is unknown and takes no part in the loss. Images and patients are prefixed with the data set's
/// name ("chexpert/patient00001"; the second of one name becomes "csv-2"), so that none of two data
/// sets are taken for the same. A data set without lists counts as one for training. At least one.
[[nodiscard]] Dataset combine(std::vector<Dataset> datasets);

}  // namespace chestmap
