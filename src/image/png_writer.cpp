#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "image/codec.h"
#include "image/zlib_stream.h"

namespace chestmap {

namespace {

/// PNG's colour types that are written.
constexpr std::uint8_t kGrey = 0;
constexpr std::uint8_t kColour = 2;

/// An image as PNG has it before filtering: rows of bytes, 16 bits big-endian.
struct Raster {
  std::size_t width = 0;
  std::size_t height = 0;
  std::uint8_t bits = 8;
  std::uint8_t colour_type = kGrey;
  std::size_t pixel_bytes = 1;
  std::vector<std::uint8_t> bytes;

  [[nodiscard]] std::size_t row_bytes() const noexcept { return width * pixel_bytes; }
};

void put_32(std::string& to, std::size_t number) {
  for (const unsigned shift : {24U, 16U, 8U, 0U}) to += static_cast<char>(number >> shift & 0xffU);
}

void put_chunk(std::string& file, const std::string& type, std::string_view content) {
  put_32(file, content.size());
  const std::size_t start = file.size();
  file += type;
  file += content;
  put_32(file, crc_32(std::as_bytes(std::span(file).subspan(start))));
}

std::uint8_t distance(std::uint8_t a, std::uint8_t b) {
  return static_cast<std::uint8_t>(a > b ? a - b : b - a);
}

/// The neighbour among left, above and above left that is nearest to left + above - above left. In
/// bytes alone, of which a vector register holds most: where both lie on one side of the corner,
/// that is further from the corner than from either, and else as far from it as their distances
/// to it differ.
std::uint8_t paeth(std::uint8_t left, std::uint8_t above, std::uint8_t corner) {
  const std::uint8_t to_left = distance(above, corner);
  const std::uint8_t to_above = distance(left, corner);
  const auto one_side =
      static_cast<std::uint8_t>((above >= corner ? 255 : 0) ^ (left >= corner ? 0 : 255));
  const auto to_corner = static_cast<std::uint8_t>(distance(to_left, to_above) | one_side);
  const std::uint8_t second = to_above <= to_corner ? above : corner;
  const std::uint8_t nearer = to_above <= to_corner ? to_above : to_corner;
  return to_left <= nearer ? left : second;
}

/// PNG's filters 1 to 4 (PNG specification, 9.2).
enum class Filter : std::uint8_t { left = 1, above = 2, average = 3, paeth = 4 };
constexpr std::array kFilters{Filter::left, Filter::above, Filter::average, Filter::paeth};

/// `row` and `above` have `margin` bytes of zeros in front, a pixel's size.
void filter_row(Filter filter, const std::uint8_t* row, const std::uint8_t* above,
                std::size_t margin, std::size_t bytes, std::uint8_t* to) {
  const std::uint8_t* left = row - margin;
  const std::uint8_t* corner = above - margin;
  switch (filter) {
    case Filter::left:
      for (std::size_t i = 0; i < bytes; ++i) to[i] = static_cast<std::uint8_t>(row[i] - left[i]);
      break;
    case Filter::above:
      for (std::size_t i = 0; i < bytes; ++i) to[i] = static_cast<std::uint8_t>(row[i] - above[i]);
      break;
    case Filter::average:
      for (std::size_t i = 0; i < bytes; ++i)
        to[i] = static_cast<std::uint8_t>(row[i] - (left[i] + above[i]) / 2);
      break;
    case Filter::paeth:
      for (std::size_t i = 0; i < bytes; ++i)
        to[i] = static_cast<std::uint8_t>(row[i] - paeth(left[i], above[i], corner[i]));
      break;
  }
}

/// Sum of the bytes' distances from zero, of which a small one tells that a row compresses well
/// (PNG specification, 12.8).
std::size_t size_of(const std::uint8_t* bytes, std::size_t count) {
  // Bytes in 16 bits at a time, which the compiler keeps in vector registers.
  constexpr std::size_t kRun = 256;
  std::size_t sum = 0;
  for (std::size_t begin = 0; begin < count; begin += kRun) {
    std::uint16_t part = 0;  // at most 256 x 128
    for (std::size_t i = begin; i < std::min(begin + kRun, count); ++i)
      part = static_cast<std::uint16_t>(
          part + std::min<std::uint8_t>(bytes[i], static_cast<std::uint8_t>(-bytes[i])));
    sum += part;
  }
  return sum;
}

/// The rows, each by the filter that makes it smallest, with the filter's number in front.
std::vector<std::uint8_t> filtered(const Raster& raster) {
  const std::size_t bytes = raster.row_bytes();
  const std::size_t margin = raster.pixel_bytes;
  std::vector<std::uint8_t> result((bytes + 1) * raster.height);
  std::vector<std::uint8_t> above(margin + bytes, 0);
  std::vector<std::uint8_t> row(margin + bytes, 0);
  std::vector<std::uint8_t> tried(bytes);
  for (std::size_t y = 0; y < raster.height; ++y) {
    std::copy_n(raster.bytes.data() + y * bytes, bytes, row.data() + margin);
    std::uint8_t* best = result.data() + y * (bytes + 1);
    std::size_t smallest = 0;
    for (const Filter filter : kFilters) {
      filter_row(filter, row.data() + margin, above.data() + margin, margin, bytes, tried.data());
      const std::size_t size = size_of(tried.data(), bytes);
      if (best[0] != 0 && size >= smallest) continue;
      smallest = size;
      best[0] = static_cast<std::uint8_t>(filter);
      std::copy_n(tried.data(), bytes, best + 1);
    }
    row.swap(above);
  }
  return result;
}

std::string encode(const Raster& raster, std::span<const PngText> text) {
  std::string file = "\x89PNG\r\n\x1a\n";
  std::string header;
  put_32(header, raster.width);
  put_32(header, raster.height);
  header += static_cast<char>(raster.bits);
  header += static_cast<char>(raster.colour_type);
  header.append(3, '\0');  // deflate, adaptive filters, not interlaced
  put_chunk(file, "IHDR", header);
  for (const PngText& entry : text) put_chunk(file, "tEXt", entry.keyword + '\0' + entry.value);
  put_chunk(file, "IDAT", zlib_compressed(filtered(raster)));
  put_chunk(file, "IEND", "");
  return file;
}

}  // namespace

std::string encode_png(const Image8& image, std::span<const PngText> text) {
  const auto pixels = image.pixels();
  return encode({image.width(), image.height(), 8, kGrey, 1, {pixels.begin(), pixels.end()}}, text);
}

std::string encode_png(const Image16& image, std::span<const PngText> text) {
  Raster raster{image.width(), image.height(), 16, kGrey, 2, {}};
  raster.bytes.resize(2 * image.pixels().size());
  std::uint8_t* to = raster.bytes.data();
  for (const std::uint16_t value : image.pixels()) {
    *to++ = static_cast<std::uint8_t>(value >> 8U);
    *to++ = static_cast<std::uint8_t>(value & 0xffU);
  }
  return encode(raster, text);
}

std::string encode_png(const ImageRgb& image, std::span<const PngText> text) {
  Raster raster{image.width(), image.height(), 8, kColour, 3, {}};
  raster.bytes.resize(3 * image.pixels().size());
  std::uint8_t* to = raster.bytes.data();
  for (const Rgb& pixel : image.pixels()) {
    *to++ = pixel.r;
    *to++ = pixel.g;
    *to++ = pixel.b;
  }
  return encode(raster, text);
}

}  // namespace chestmap
