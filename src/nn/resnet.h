#pragma once

#include <memory>

#include "nn/backbone.h"
#include "weights/backbone_layout.h"

namespace chestmap {

/// Stage s is `layer` s. Strides 4, 8, 16, 32.
[[nodiscard]] std::shared_ptr<Backbone> make_resnet(const ResNetShape& shape,
                                                    std::int64_t channels);

}  // namespace chestmap
