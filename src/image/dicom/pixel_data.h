#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "image/dicom/dicom_file.h"

namespace chestmap {

/// The samples of an image's one frame, pixels row by row.
struct PixelData {
  unsigned allocated_bits = 16;          ///< 8 or 16
  bool by_plane = false;                 ///< of several components: one after the other
  std::string colour;                    ///< Photometric Interpretation behind the decoding
  std::span<const std::uint8_t> bytes;   ///< of 8 bits
  std::span<const std::uint16_t> words;  ///< of 16 bits
  std::vector<std::uint8_t> own_bytes;   ///< what the spans point to, where it is not the file's
  std::vector<std::uint16_t> own_words;
};

/// Decodes the pixels of a file with `width` x `height` pixels of `components` samples: stored as
/// they are, run lengths, JPEG (baseline, extended, lossless), JPEG-LS or JPEG 2000. The result may
/// point into the file. Throws ImageError.
[[nodiscard]] PixelData read_pixel_data(DicomFile& file, std::size_t width, std::size_t height,
                                        std::size_t components);

}  // namespace chestmap
