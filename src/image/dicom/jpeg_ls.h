#pragma once

#include "image/dicom/codestream.h"

namespace chestmap {

/// The samples of a JPEG-LS stream, at most 16 bits each, component by component within a pixel,
/// pixels row by row. Throws ImageError, also where the stream holds something else than `layout`.
[[nodiscard]] std::vector<std::uint16_t> decode_jpeg_ls(std::span<const std::byte> codestream,
                                                        const CodestreamLayout& layout);

}  // namespace chestmap
