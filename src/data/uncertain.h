#pragma once

#include <string>
#include <vector>

#include "data/record.h"

namespace chestmap {

/// What labels become that a labeller called uncertain (CheXpert's -1): `ignore` leaves them out of
/// loss and measures, `ones` and `zeros` take them as positive or negative (U-Ignore, U-Ones and
/// U-Zeros of Irvin et al. 2019).
enum class Uncertain { ignore, ones, zeros };

/// The data set with its uncertain labels decided. `policy` holds "ignore", "ones" or "zeros" for
/// all findings, and "FINDING=ones" and the like for single ones, which win. Throws UserError for
/// anything else, and where a finding is named twice; one that the data set does not hold is passed
/// over.
[[nodiscard]] Dataset with_uncertain_labels(Dataset dataset,
                                            const std::vector<std::string>& policy);

}  // namespace chestmap
