#include "image/grey_png.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "image/png.h"
#include "image/png_filters.h"
#include "image/zlib_stream.h"

namespace chestmap {

namespace {

constexpr std::size_t kSignature = 8;
constexpr std::size_t kFrame = 12;  ///< of a chunk: length, type and checksum

std::size_t big_endian_32(std::span<const std::byte> content, std::size_t at) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8U | std::to_integer<std::size_t>(content[at + i]);
  return value;
}

/// Whether the header's chunk says 8 bits, grey, and the only methods that there are, not
/// interlaced.
bool is_grey8(std::span<const std::byte> header) {
  constexpr std::array<int, 5> expected = {8, 0, 0, 0, 0};
  return header.size() == 13 &&
         std::equal(expected.begin(), expected.end(), header.begin() + 8,
                    [](int a, std::byte b) { return a == std::to_integer<int>(b); });
}

/// The zlib stream of all IDAT chunks; empty where a chunk is broken, out of place or critical and
/// unknown, or the end is missing.
std::vector<std::byte> pixel_stream(std::span<const std::byte> content) {
  std::vector<std::byte> stream;
  stream.reserve(content.size());
  bool first = true;
  for (std::size_t at = kSignature; content.size() - at >= kFrame;) {
    const std::size_t length = big_endian_32(content, at);
    if (length > content.size() - at - kFrame) return {};
    const std::span<const std::byte> checked = content.subspan(at + 4, length + 4);
    if (crc_32(checked) != big_endian_32(content, at + 8 + length)) return {};
    const std::string_view type(reinterpret_cast<const char*>(checked.data()), 4);
    const std::span<const std::byte> data = checked.subspan(4);
    if (first ? type != "IHDR" || !is_grey8(data) : type == "IHDR") return {};
    first = false;
    if (type == "IEND") return stream;
    if (type == "IDAT")
      stream.insert(stream.end(), data.begin(), data.end());
    else if (type != "IHDR" && (type[0] & 0x20) == 0)
      return {};
    at += kFrame + length;
  }
  return {};
}

}  // namespace

std::optional<Image8> decode_grey8_png(std::span<const std::byte> content) {
  const ImageSize size = png_size(content);
  const std::vector<std::byte> stream = pixel_stream(content);
  const std::size_t bytes = (size.width + 1) * size.height;
  // Deflate shrinks at most 1032 fold: a header that claims more is not worth the memory.
  if (stream.empty() || bytes / 1032 > stream.size()) return std::nullopt;
  std::vector<std::uint8_t, UnsetAllocator<std::uint8_t>> filtered(bytes + 2 * kFilterMargin);
  if (!zlib_decompress(stream, std::span(filtered).subspan(kFilterMargin, bytes)))
    return std::nullopt;
  Image8 image = Image8::unset(size.width, size.height);
  if (!undo_filters(std::span(filtered).subspan(kFilterMargin, bytes), image)) return std::nullopt;
  return image;
}

}  // namespace chestmap
