#pragma once

#include <cstddef>
#include <span>

#include "image/codec.h"

namespace chestmap {

/// Whether the content begins as a JPEG file does.
[[nodiscard]] bool is_jpeg(std::span<const std::byte> content) noexcept;
/// Width and height from the frame header. Throws ImageError.
[[nodiscard]] ImageSize jpeg_size(std::span<const std::byte> content);
/// The grey values 0 to 255 of a JPEG file, colour by its own luma. Damage that libjpeg would patch
/// over with grey (a file cut short, broken entropy-coded data) is an ImageError as well. Throws
/// ImageError.
[[nodiscard]] Image8 decode_jpeg(std::span<const std::byte> content);

}  // namespace chestmap
