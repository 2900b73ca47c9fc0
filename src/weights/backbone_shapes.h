#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "geometry/grid.h"

namespace chestmap {

// What each backbone is made of, known without libtorch: `nn` builds networks from it, `onnx`
// writes graphs from it, and both read the same tensors.

/// Huang et al. 2017, *Densely Connected Convolutional Networks*; names as torchvision's.
struct DenseNetShape {
  std::int64_t stem_channels = 64;
  std::int64_t stem_kernel = 7;
  std::int64_t growth = 32;
  std::int64_t bottleneck = 4;  ///< channels of a layer's 1x1 convolution over its growth
  std::vector<std::int64_t> layers;
};

/// He et al. 2016, *Deep Residual Learning*; names and the stride in the 3x3 convolution as
/// torchvision's.
struct ResNetShape {
  bool bottleneck = false;  ///< three convolutions a block, four times as wide at its end
  std::array<std::int64_t, 4> blocks{};
};

using BackboneShape = std::variant<DenseNetShape, ResNetShape>;

/// The shape of the backbone called `name`. Throws UserError naming the nearest known backbone.
[[nodiscard]] const BackboneShape& backbone_shape(const std::string& name);
[[nodiscard]] std::vector<std::string> backbone_names();

/// What one stage of a backbone gives: its channels and where its cells lie over the input.
struct StageShape {
  std::int64_t channels = 0;
  Grid grid;
};

/// Shallow to deep; strides 4, 8, 16, 32. A DenseNet's stage s is block s after the normalisation
/// and ReLU that follow it: those of its transition, norm5 of the last block. A ResNet's is
/// `layer` s.
[[nodiscard]] std::vector<StageShape> stage_shapes(const BackboneShape& shape);

/// Of the backbone's stages those that `stages` counts from 1. Throws UserError where it is no
/// rising list of at least one of them.
[[nodiscard]] std::vector<StageShape> used_stages(const std::string& backbone,
                                                  std::span<const std::int64_t> stages);

/// Channels of every stage after the pyramid (nn/pyramid.h): those of the narrowest stage, at most
/// 256.
[[nodiscard]] std::int64_t pyramid_width(std::span<const StageShape> stages);

}  // namespace chestmap
