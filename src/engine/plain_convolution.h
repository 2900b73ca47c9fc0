#pragma once

#include <memory>

#include "engine/kernel.h"

namespace chestmap::engine {

/// Any convolution, for processors for which there is nothing better, and as what the others are
/// compared with.
[[nodiscard]] std::unique_ptr<Kernel> make_plain_convolution(const Convolution& convolution,
                                                             const Tensor& read,
                                                             const Tensor& written);

}  // namespace chestmap::engine
