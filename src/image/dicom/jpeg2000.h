#pragma once

#include "image/dicom/codestream.h"

namespace chestmap {

/// The samples of a JPEG 2000 codestream (or a .jp2 file), at most 16 bits each, component by
/// component within a pixel, pixels row by row; negative ones as two's complement. Throws
/// ImageError, also where the codestream holds something else than `layout` or is cut short.
[[nodiscard]] std::vector<std::uint16_t> decode_jpeg2000(std::span<const std::byte> codestream,
                                                         const CodestreamLayout& layout);

}  // namespace chestmap
