#pragma once

#include <span>
#include <vector>

#include "geometry/grid.h"
#include "image/image.h"
#include "localize/backend.h"
#include "weights/map_grids.h"

namespace chestmap {

/// Weighted sum of maps that lie on different grids over the same square input, interpolated
/// bilinearly at the centres of `resolution` x `resolution` cells that tile it:  A = sum_s weight_s
/// Up(M_s). With the layer relevance as weights this is the multiscale attention map of Sedai et
/// al. 2018. Maps of weight 0 are not looked at. `input_size` is the input's side in pixels, the
/// unit of the grids.
[[nodiscard]] ImageF combine_maps(std::span<const ImageF* const> maps,
                                  std::span<const PlaneGrid> grids, std::span<const double> weights,
                                  double input_size, std::size_t resolution);

/// The map of one finding from an inference, its stages on `grids` and weighted by `weights`.
[[nodiscard]] ImageF combine_stages(const Inference& inference, std::span<const PlaneGrid> grids,
                                    std::size_t finding, std::span<const double> weights,
                                    double input_size, std::size_t resolution);

/// The attention map of one finding: aligned, and weighted by the layer relevance.
[[nodiscard]] ImageF attention_map(const Backend& backend, const Inference& inference,
                                   std::size_t finding, std::size_t resolution);

}  // namespace chestmap
