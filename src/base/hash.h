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

}  // namespace chestmap
