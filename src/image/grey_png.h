#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "image/image.h"

namespace chestmap {

/// Decodes the kind of PNG that radiographs come in, grey with 8 bits and not interlaced, several
/// times as fast as libpng. Nothing for any other kind, and for a file in which anything is unusual
/// or broken: libpng then decodes it or says what is wrong.
[[nodiscard]] std::optional<Image8> decode_grey8_png(std::span<const std::byte> content);

}  // namespace chestmap
