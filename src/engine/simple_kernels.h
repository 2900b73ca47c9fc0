#pragma once

#include <memory>

#include "engine/kernel.h"

namespace chestmap::engine {

[[nodiscard]] std::unique_ptr<Kernel> make_affine(const Affine& affine, const Tensor& read);
[[nodiscard]] std::unique_ptr<Kernel> make_pooling(const Pooling& pooling, const Tensor& read,
                                                   const Tensor& written);
[[nodiscard]] std::unique_ptr<Kernel> make_reorder(const Tensor& read, const Tensor& written);
[[nodiscard]] std::unique_ptr<Kernel> make_copy(const Tensor& read);

/// Throws std::logic_error for an operation that is none of network.h's.
[[nodiscard]] std::unique_ptr<Kernel> make_planar(const PlanarOperation& operation,
                                                  const Tensor& read);

}  // namespace chestmap::engine
