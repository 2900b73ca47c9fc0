#pragma once

#include <string_view>

namespace chestmap::kernels {

/// The instruction sets that the kernels are compiled for, slowest first; `portable` runs anywhere.
enum class Isa { portable, avx2, avx512 };

[[nodiscard]] std::string_view name(Isa isa) noexcept;

/// Whether this CPU and its operating system run it: AVX2 with FMA, or AVX-512F.
[[nodiscard]] bool supported(Isa isa) noexcept;

/// The fastest one supported.
[[nodiscard]] Isa best_isa() noexcept;

/// Whether this CPU multiplies in bfloat16 faster than in single precision: AMX, which the
/// operating system has to grant to the process. (AVX-512's own bfloat16 has half the rate of its
/// single precision on Sapphire Rapids.)
[[nodiscard]] bool bfloat16_supported() noexcept;

/// The same for numbers of 8 bits.
[[nodiscard]] bool int8_supported() noexcept;

}  // namespace chestmap::kernels
