#pragma once

#include <memory>

#include "engine/kernel.h"
#include "kernels/isa.h"

namespace chestmap::engine {

/// On a blocked tensor `affine` has a ReLU.
[[nodiscard]] std::unique_ptr<Kernel> make_affine(const Affine& affine, const Tensor& read,
                                                  const Tensor& written, kernels::Isa isa);
[[nodiscard]] std::unique_ptr<Kernel> make_max_pooling(const Tensor& read, const Tensor& written,
                                                       kernels::Isa isa);
[[nodiscard]] std::unique_ptr<Kernel> make_reorder(const Tensor& read, const Tensor& written);
[[nodiscard]] std::unique_ptr<Kernel> make_copy(const Tensor& read);

/// Throws std::logic_error for an operation that is none of network.h's.
[[nodiscard]] std::unique_ptr<Kernel> make_planar(const PlanarOperation& operation,
                                                  const Tensor& read);

}  // namespace chestmap::engine
