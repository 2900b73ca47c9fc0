#pragma once

#include <cstddef>
#include <span>

#include "image/codec.h"

namespace chestmap {

/// Whether the content begins as a DICOM file does: "DICM" behind a preamble of 128 bytes, or with
/// the first elements of a data set that was stored without one.
[[nodiscard]] bool is_dicom(std::span<const std::byte> content) noexcept;

/// Columns and Rows. The content may end before the pixels. Throws ImageError.
[[nodiscard]] ImageSize dicom_size(std::span<const std::byte> content);

/// The radiograph as a viewer shows it (`rendered`, `read_rendering`), in pixels of the file's own
/// frame; colour (RGB, YBR) by Rec. 601 luma. Overlays are not drawn. What is unusual for a
/// radiograph but can be read is said in the log, once a program: a modality other than CR, DX and
/// RG, and pixels that are not square. Several frames are an error. Throws ImageError; neither its
/// text nor the log tells anything of the patient.
[[nodiscard]] ImageF decode_dicom(std::span<const std::byte> content);

}  // namespace chestmap
