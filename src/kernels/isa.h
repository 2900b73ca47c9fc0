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

/// What multiplies narrow numbers, those in bfloat16 and of 8 bits: AVX-512's dot products of two
/// or four of them (AVX512_BF16, AVX512_VNNI), or AMX's tiles, which the operating system has to
/// grant to the process.
enum class Unit { dots, tiles };

/// Whether this CPU and its operating system have the unit for them.
[[nodiscard]] bool bfloat16_by(Unit unit) noexcept;
[[nodiscard]] bool int8_by(Unit unit) noexcept;

/// Whether this CPU multiplies in bfloat16 faster than in single precision: by tiles, and by AMD's
/// dot products. (Those of Intel's Sapphire Rapids have half the rate of its single precision.)
[[nodiscard]] bool bfloat16_supported() noexcept;

/// The same for numbers of 8 bits: by either unit.
[[nodiscard]] bool int8_supported() noexcept;

}  // namespace chestmap::kernels
