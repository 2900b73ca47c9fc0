#pragma once

#include <cstddef>

#include "kernels/isa.h"

namespace chestmap::engine {

/// Operations (two a multiply-add) that `threads` threads of this machine do in a second at most
/// when they do nothing but multiply and add in registers, measured for some 50 ms.
[[nodiscard]] double measured_fma_peak(std::size_t threads, kernels::Isa isa);

}  // namespace chestmap::engine
