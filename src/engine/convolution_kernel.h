#pragma once

#include <memory>

#include "engine/kernel.h"

namespace chestmap::engine {

/// By src/kernels, in single precision by the method that is fastest for the tensors' size.
[[nodiscard]] std::unique_ptr<Kernel> make_convolution(const Convolution& convolution,
                                                       const Tensor& read, const Tensor& written,
                                                       const Computing& how);

}  // namespace chestmap::engine
