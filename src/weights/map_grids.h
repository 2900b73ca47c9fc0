#pragma once

#include <cstddef>
#include <vector>

#include "geometry/grid.h"
#include "weights/model_spec.h"

namespace chestmap {

/// Where each stage's cells lie, as the network's strides put them.
[[nodiscard]] std::vector<PlaneGrid> geometric_grids(const std::vector<Grid>& grids);
/// The same moved by the model's alignment for one finding; unmoved where it has none.
[[nodiscard]] std::vector<PlaneGrid> aligned_grids(const ModelSpec& spec,
                                                   const std::vector<Grid>& grids,
                                                   std::size_t finding);

}  // namespace chestmap
