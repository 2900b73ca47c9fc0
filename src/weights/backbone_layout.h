#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace chestmap {

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

/// A network that gives features, by its numbers alone.
struct BackboneLayout {
  std::string name;
  std::variant<DenseNetShape, ResNetShape> shape;
};

/// The register of backbones: src/nn builds the modules of it, `backbone_tensors` names what a
/// weight file must hold for each.
[[nodiscard]] const std::vector<BackboneLayout>& backbone_layouts();
[[nodiscard]] std::vector<std::string> backbone_names();
/// Throws UserError naming the nearest known backbone.
[[nodiscard]] const BackboneLayout& backbone_layout(const std::string& name);

/// A tensor that a backbone has.
struct ExpectedTensor {
  std::string name;                 ///< torchvision's
  std::vector<std::int64_t> shape;  ///< row-major; a convolution is out x in x height x width
  bool whole = false;               ///< I64 (`num_batches_tracked`) and not F32
  std::int64_t stage = 1;           ///< the first stage, from 1, whose features depend on it
};

/// Every parameter and buffer, in the order of torchvision's state dict, for images of `channels`
/// channels.
[[nodiscard]] std::vector<ExpectedTensor> backbone_tensors(const BackboneLayout& layout,
                                                           std::int64_t channels);
/// The convolution that sees the image: the one tensor whose shape depends on `channels`.
[[nodiscard]] std::string first_convolution(const BackboneLayout& layout);

}  // namespace chestmap
