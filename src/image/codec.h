#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "image/grey_image.h"
#include "image/image.h"

namespace chestmap {

/// A file that is no readable image: truncated, empty, foreign, or with absurd dimensions. Its text
/// names the reason, not the file; callers that go through many files catch it, report it with the
/// file's name and go on.
class ImageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Largest side accepted, in pixels: a header that claims more is refused before anything is
/// allocated.
inline constexpr std::size_t kLargestSide = 16384;

/// Decodes a PNG (grey, grey+alpha, RGB, RGBA, palette; 1 to 16 bits), a JPEG or a DICOM file, told
/// apart by content, to grey in [0, 1]: 8-bit values / 255, 16-bit values / 65535, colour by
/// Rec. 601 luma, alpha ignored; of DICOM what a viewer shows (`decode_dicom`). Throws ImageError.
[[nodiscard]] ImageF read_image(const std::filesystem::path& file);
[[nodiscard]] ImageF decode_image(std::span<const std::byte> file_content);

/// The same, as 8-bit samples where the file has them: JPEG and grey PNG of 8 bits.
[[nodiscard]] GreyImage read_grey(const std::filesystem::path& file);
[[nodiscard]] GreyImage decode_grey(std::span<const std::byte> file_content);

/// Width and height from the header alone, without decoding. Throws ImageError.
[[nodiscard]] ImageSize read_image_size(const std::filesystem::path& file);

/// A decoded image brought to another size, and the size that it had.
struct ResizedImage {
  ImageF image;
  ImageSize original;
};
/// `read_grey` and `resized` by area mean. Throws ImageError.
[[nodiscard]] ResizedImage read_image_resized(const std::filesystem::path& file, std::size_t width,
                                              std::size_t height);
[[nodiscard]] ResizedImage decode_image_resized(std::span<const std::byte> file_content,
                                                std::size_t width, std::size_t height);

/// PNG files. `text` entries (keyword, value) go into tEXt chunks. The bytes depend on the
/// arguments alone.
struct PngText {
  std::string keyword;
  std::string value;
};
/// The tEXt chunks that stand before the pixels of a PNG file; empty for other files. Throws
/// ImageError.
[[nodiscard]] std::vector<PngText> read_png_text(std::span<const std::byte> file_content);

[[nodiscard]] std::string encode_png(const Image8& image, std::span<const PngText> text = {});
[[nodiscard]] std::string encode_png(const Image16& image, std::span<const PngText> text = {});
[[nodiscard]] std::string encode_png(const ImageRgb& image, std::span<const PngText> text = {});

}  // namespace chestmap
