#include "image/codec.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "image/dicom/dicom.h"
#include "image/grey_png.h"
#include "image/jpeg.h"
#include "image/png.h"

namespace chestmap {

namespace {

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

/// At most `most` bytes from the file's beginning.
std::vector<std::byte> read_bytes(const std::filesystem::path& file, std::size_t most) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) throw ImageError("the file does not exist");
  if (std::filesystem::is_directory(status)) throw ImageError("it is a folder, not an image file");
  const std::unique_ptr<std::FILE, CloseFile> in(std::fopen(file.c_str(), "rb"));
  if (!in) throw ImageError("the file cannot be opened: " + std::generic_category().message(errno));
  const auto size = std::filesystem::file_size(file, error);
  std::vector<std::byte> content(error ? most : std::min<std::size_t>(most, size));
  content.resize(std::fread(content.data(), 1, content.size(), in.get()));
  if (std::ferror(in.get()) != 0)
    throw ImageError("the file cannot be read: " + std::generic_category().message(errno));
  return content;
}

constexpr std::size_t kWhole = std::size_t{1} << 31U;
constexpr std::size_t kHeaderPart = std::size_t{1} << 16U;

[[noreturn]] void refuse_foreign(std::span<const std::byte> content) {
  if (content.empty()) throw ImageError("the file is empty (0 bytes)");
  throw ImageError("the content is neither PNG, JPEG nor DICOM");
}

/// JPEG files and most PNG files; nothing for what `decode_deep` must look at. Throws ImageError.
std::optional<Image8> decode_8_bits(std::span<const std::byte> content) {
  if (is_jpeg(content)) return decode_jpeg(content);
  if (is_png(content)) return decode_grey8_png(content);
  if (is_dicom(content)) return std::nullopt;
  refuse_foreign(content);
}

/// Any PNG or DICOM file. Throws ImageError.
ImageF decode_deep(std::span<const std::byte> content) {
  return is_png(content) ? decode_png(content) : decode_dicom(content);
}

/// Throws ImageError.
ImageSize size_in(std::span<const std::byte> content) {
  if (is_png(content)) return png_size(content);
  if (is_jpeg(content)) return jpeg_size(content);
  if (is_dicom(content)) return dicom_size(content);
  refuse_foreign(content);
}

}  // namespace

GreyImage decode_grey(std::span<const std::byte> file_content) {
  if (auto samples = decode_8_bits(file_content)) return std::move(*samples);
  return decode_deep(file_content);
}

GreyImage read_grey(const std::filesystem::path& file) {
  return decode_grey(read_bytes(file, kWhole));
}

ImageF decode_image(std::span<const std::byte> file_content) {
  return values_of(decode_grey(file_content));
}

ImageF read_image(const std::filesystem::path& file) { return values_of(read_grey(file)); }

ResizedImage decode_image_resized(std::span<const std::byte> file_content, std::size_t width,
                                  std::size_t height) {
  const GreyImage image = decode_grey(file_content);
  return {resized(image, width, height), size_of(image)};
}

ResizedImage read_image_resized(const std::filesystem::path& file, std::size_t width,
                                std::size_t height) {
  return decode_image_resized(read_bytes(file, kWhole), width, height);
}

ImageSize read_image_size(const std::filesystem::path& file) {
  std::vector<std::byte> content = read_bytes(file, kHeaderPart);
  try {
    return size_in(content);
  } catch (const ImageError&) {
    // A JPEG's frame header may stand behind long EXIF or colour-profile segments, a DICOM file's
    // Rows behind long sequences.
    if (content.size() < kHeaderPart || is_png(content)) throw;
    content = read_bytes(file, kWhole);
    return size_in(content);
  }
}

}  // namespace chestmap
