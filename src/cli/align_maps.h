#pragma once

#include "data/record.h"
#include "localize/backend.h"
#include "weights/fitted.h"

namespace chestmap {

/// Measures the alignment of the model's maps (localize/map_alignment.h) on the first images of
/// `records` that show each finding, up to 32. Only labels are looked at, no box. `backend` must be
/// able to differentiate; the data set's findings are the model's. Findings without such an image
/// are warned of, and their maps stay where they are.
[[nodiscard]] Alignment fitted_alignment(Backend& backend, const Dataset& dataset,
                                         const std::vector<std::size_t>& records, Fit fit);

}  // namespace chestmap
