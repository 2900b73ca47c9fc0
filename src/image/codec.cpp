#include "image/codec.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <vector>

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
  throw ImageError("the content is neither PNG nor JPEG");
}

}  // namespace

ImageF decode_image(std::span<const std::byte> file_content) {
  if (is_png(file_content)) return decode_png(file_content);
  if (is_jpeg(file_content)) return decode_jpeg(file_content);
  refuse_foreign(file_content);
}

ImageF read_image(const std::filesystem::path& file) {
  return decode_image(read_bytes(file, kWhole));
}

ImageSize read_image_size(const std::filesystem::path& file) {
  std::vector<std::byte> content = read_bytes(file, kHeaderPart);
  if (is_png(content)) return png_size(content);
  if (!is_jpeg(content)) refuse_foreign(content);
  try {
    return jpeg_size(content);
  } catch (const ImageError&) {
    // The frame header may stand behind long EXIF or colour-profile segments.
    if (content.size() < kHeaderPart) throw;
    content = read_bytes(file, kWhole);
    return jpeg_size(content);
  }
}

}  // namespace chestmap
