#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "image/image.h"

namespace chestmap {

/// Bytes that must lie before and behind `filtered` in its buffer: whole groups of columns are
/// read.
inline constexpr std::size_t kFilterMargin = 32;

/// Undoes PNG's filters (PNG specification, 9.2) of an image with one byte a pixel: `filtered`
/// holds `image.height()` rows, each the filter's number and `image.width()` bytes. False where a
/// filter's number is none, and everywhere on processors without SSE2.
[[nodiscard]] bool undo_filters(std::span<const std::uint8_t> filtered, Image8& image);

}  // namespace chestmap
