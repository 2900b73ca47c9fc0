#pragma once

#include <memory>

#include "engine/kernel.h"

namespace chestmap::engine {

/// By oneDNN's kernels for AVX-512; null where it has none for this processor or convolution.
[[nodiscard]] std::unique_ptr<Kernel> make_onednn_convolution(const Convolution& convolution,
                                                              const Tensor& read,
                                                              const Tensor& written);

}  // namespace chestmap::engine
