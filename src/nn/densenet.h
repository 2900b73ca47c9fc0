#pragma once

#include <memory>
#include <vector>

#include "nn/backbone.h"

namespace chestmap {

/// Huang et al. 2017, *Densely Connected Convolutional Networks*; names as torchvision's.
struct DenseNetShape {
  std::int64_t stem_channels = 64;
  std::int64_t stem_kernel = 7;
  std::int64_t growth = 32;
  std::int64_t bottleneck = 4;  ///< channels of a layer's 1x1 convolution over its growth
  std::vector<std::int64_t> layers;
};

/// Stage s is block s after the normalisation and ReLU that follow it: those of its transition,
/// norm5 of the last block. Strides 4, 8, 16, 32.
[[nodiscard]] std::shared_ptr<Backbone> make_densenet(const DenseNetShape& shape,
                                                      std::int64_t channels);

}  // namespace chestmap
