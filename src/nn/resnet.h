#pragma once

#include <array>
#include <memory>

#include "nn/backbone.h"

namespace chestmap {

/// He et al. 2016, *Deep Residual Learning*; names and the stride in the 3x3 convolution as
/// torchvision's.
struct ResNetShape {
  bool bottleneck = false;  ///< three convolutions a block, four times as wide at its end
  std::array<std::int64_t, 4> blocks{};
};

/// Stage s is `layer` s. Strides 4, 8, 16, 32.
[[nodiscard]] std::shared_ptr<Backbone> make_resnet(const ResNetShape& shape,
                                                    std::int64_t channels);

}  // namespace chestmap
