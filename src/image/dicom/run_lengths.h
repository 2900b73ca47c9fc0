#pragma once

#include "image/dicom/codestream.h"

namespace chestmap {

/// The samples of a frame by DICOM's run lengths (PS3.5 annex G), component by component within a
/// pixel, pixels row by row, `allocated_bits` (8 or 16) each. Throws ImageError where segments are
/// missing, or one ends before all pixels: DCMTK's decoder would leave these black.
[[nodiscard]] std::vector<std::uint16_t> decode_run_lengths(std::span<const std::byte> frame,
                                                            const CodestreamLayout& layout,
                                                            unsigned allocated_bits);

}  // namespace chestmap
