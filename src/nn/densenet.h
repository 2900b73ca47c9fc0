#pragma once

#include <memory>

#include "nn/backbone.h"
#include "weights/backbone_layout.h"

namespace chestmap {

/// Stage s is block s after the normalisation and ReLU that follow it: those of its transition,
/// norm5 of the last block. Strides 4, 8, 16, 32.
[[nodiscard]] std::shared_ptr<Backbone> make_densenet(const DenseNetShape& shape,
                                                      std::int64_t channels);

}  // namespace chestmap
