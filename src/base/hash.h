#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace chestmap {

/// XXH3 (Collet), 64 bits: tells damage and equal content apart from chance, not from malice.
[[nodiscard]] std::uint64_t hash64(std::span<const std::byte> content) noexcept;

/// XXH3, 128 bits, as 32 hexadecimal digits.
[[nodiscard]] std::string hash128(std::string_view content);

/// FNV-1a, 64 bits: keys the drawing of random maps by an image's name and ends checkpoints.
/// Another hash would draw other maps and refuse the checkpoints that there are; what is new takes
/// XXH3.
[[nodiscard]] std::uint64_t fnv1a(std::string_view content) noexcept;

}  // namespace chestmap
