#pragma once

#include <cstddef>
#include <span>

#include "image/codec.h"

namespace chestmap {

/// Whether the content begins as a PNG file does.
[[nodiscard]] bool is_png(std::span<const std::byte> content) noexcept;
/// Width and height from the first 24 bytes or more of a PNG file. Throws ImageError.
[[nodiscard]] ImageSize png_size(std::span<const std::byte> content);
/// As `decode_image`, of a PNG file. Throws ImageError.
[[nodiscard]] ImageF decode_png(std::span<const std::byte> content);

}  // namespace chestmap
