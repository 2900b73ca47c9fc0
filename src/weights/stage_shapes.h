#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "geometry/grid.h"
#include "weights/backbone_layout.h"

namespace chestmap {

/// What one stage of a backbone gives: its channels and where its cells lie over the input.
struct StageShape {
  std::int64_t channels = 0;
  Grid grid;
};

/// Shallow to deep; strides 4, 8, 16, 32. A DenseNet's stage s is block s after the normalisation
/// and ReLU that follow it: those of its transition, norm5 of the last block. A ResNet's is
/// `layer` s.
[[nodiscard]] std::vector<StageShape> stage_shapes(const BackboneLayout& layout);

/// Of the backbone's stages those that `stages` counts from 1. Throws UserError where it is no
/// rising list of at least one of them.
[[nodiscard]] std::vector<StageShape> used_stages(const std::string& backbone,
                                                  std::span<const std::int64_t> stages);

/// Channels of every stage after the pyramid (nn/pyramid.h): those of the narrowest stage, at most
/// 256.
[[nodiscard]] std::int64_t pyramid_width(std::span<const StageShape> stages);

}  // namespace chestmap
