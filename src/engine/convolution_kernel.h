#pragma once

#include <memory>

#include "engine/kernel.h"
#include "kernels/isa.h"

namespace chestmap::engine {

/// By src/kernels, by the method that is fastest for the tensors' size.
[[nodiscard]] std::unique_ptr<Kernel> make_convolution(const Convolution& convolution,
                                                       const Tensor& read, const Tensor& written,
                                                       kernels::Isa isa);

}  // namespace chestmap::engine
