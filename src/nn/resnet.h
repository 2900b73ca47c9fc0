#pragma once

#include <memory>

#include "nn/backbone.h"

namespace chestmap {

[[nodiscard]] std::shared_ptr<Backbone> make_resnet(const ResNetShape& shape,
                                                    std::int64_t channels);

}  // namespace chestmap
