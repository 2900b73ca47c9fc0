#pragma once

#include <memory>

#include "nn/backbone.h"

namespace chestmap {

[[nodiscard]] std::shared_ptr<Backbone> make_densenet(const DenseNetShape& shape,
                                                      std::int64_t channels);

}  // namespace chestmap
