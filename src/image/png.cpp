#include "image/png.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <string>
#include <utility>
#include <vector>

namespace chestmap {

namespace {

constexpr std::array<unsigned char, 8> kSignature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

unsigned byte_at(std::span<const std::byte> content, std::size_t at) {
  return std::to_integer<unsigned>(content[at]);
}

std::size_t big_endian_32(std::span<const std::byte> content, std::size_t at) {
  return std::size_t{byte_at(content, at)} << 24U | std::size_t{byte_at(content, at + 1)} << 16U |
         std::size_t{byte_at(content, at + 2)} << 8U | std::size_t{byte_at(content, at + 3)};
}

/// What libpng's callbacks see.
struct Stream {
  std::span<const std::byte> input;
  std::string output;
  std::string error;
};

void on_error(png_structp png, png_const_charp message) {
  static_cast<Stream*>(png_get_error_ptr(png))->error = message;
  png_longjmp(png, 1);
}

void on_warning(png_structp /*png*/, png_const_charp /*message*/) {}

void on_read(png_structp png, png_bytep data, std::size_t size) {
  auto& input = static_cast<Stream*>(png_get_io_ptr(png))->input;
  if (size > input.size()) png_error(png, "the file ends early");
  std::transform(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size), data,
                 [](std::byte b) { return std::to_integer<png_byte>(b); });
  input = input.subspan(size);
}

void on_write(png_structp png, png_bytep data, std::size_t size) {
  const auto* text = reinterpret_cast<const char*>(data);
  static_cast<Stream*>(png_get_io_ptr(png))->output.append(text, size);
}

void on_flush(png_structp /*png*/) {}

/// Runs one step of libpng. Its error handler jumps back here, over C frames and the step's own
/// frame, so that a step may hold nothing with a destructor. False after an error.
template <typename Step>
bool guarded(png_structp png, const Step& step) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  step();
  return true;
}

class Reader {
 public:
  explicit Reader(std::span<const std::byte> content) : stream_{content, {}, {}} {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &stream_, on_error, on_warning);
    info_ = png_ == nullptr ? nullptr : png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw ImageError("libpng cannot start");
    }
    png_set_read_fn(png_, &stream_, on_read);
    png_set_user_limits(png_, kLargestSide, kLargestSide);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { png_destroy_read_struct(&png_, &info_, nullptr); }

  template <typename Step>
  void run(const Step& step) {
    if (!guarded(png_, [&] { step(png_, info_); }))
      throw ImageError("broken PNG: " + stream_.error);
  }

 private:
  Stream stream_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

struct Layout {
  std::size_t width = 0;
  std::size_t height = 0;
  std::size_t channels = 0;
  std::size_t row_bytes = 0;
  int bits = 0;
};

/// Every kind comes out as grey or RGB with 8 or 16 bits and without alpha.
Layout begin_reading(png_structp png, png_infop info) {
  png_read_info(png, info);
  if (png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (png_get_bit_depth(png, info) < 8) png_set_expand_gray_1_2_4_to_8(png);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  return {png_get_image_width(png, info), png_get_image_height(png, info),
          png_get_channels(png, info), png_get_rowbytes(png, info), png_get_bit_depth(png, info)};
}

float luma(float r, float g, float b) { return 0.299F * r + 0.587F * g + 0.114F * b; }

template <typename Sample>
void row_to_grey(std::size_t channels, std::span<float> grey, const Sample& sample) {
  for (std::size_t x = 0; x < grey.size(); ++x)
    grey[x] = channels == 1 ? sample(x) : luma(sample(3 * x), sample(3 * x + 1), sample(3 * x + 2));
}

ImageF to_grey(const Layout& layout, const std::vector<png_byte>& raw) {
  ImageF image(layout.width, layout.height);
  for (std::size_t y = 0; y < layout.height; ++y) {
    const png_byte* row = raw.data() + y * layout.row_bytes;
    const auto grey = image.pixels().subspan(y * layout.width, layout.width);
    if (layout.bits == 16)
      row_to_grey(layout.channels, grey, [row](std::size_t i) {
        return static_cast<float>(row[2 * i] * 256U + row[2 * i + 1]) / 65535.0F;
      });
    else
      row_to_grey(layout.channels, grey,
                  [row](std::size_t i) { return static_cast<float>(row[i]) / 255.0F; });
  }
  return image;
}

/// libpng allocates what the header of a chunk claims before it reads the chunk, but for IDAT.
void check_chunks(std::span<const std::byte> content) {
  constexpr std::size_t kHeader = 8;  // length and type
  constexpr std::size_t kFrame = 12;  // and checksum
  std::size_t at = kSignature.size();
  while (content.size() - at >= kHeader) {
    const std::size_t length = big_endian_32(content, at);
    const bool is_pixels = byte_at(content, at + 4) == 'I' && byte_at(content, at + 5) == 'D';
    const std::size_t rest = content.size() - at;
    const std::size_t left = rest > kFrame ? rest - kFrame : 0;
    if (length > left) {
      if (is_pixels) return;
      throw ImageError("broken PNG: a chunk at offset " + std::to_string(at) + " claims " +
                       std::to_string(length) + " bytes, " + std::to_string(left) + " are left");
    }
    if (rest < kFrame + length) return;  // the checksum is cut
    at += kFrame + length;
  }
}

/// A bomb or a cut file is known before its pixels are allocated: deflate shrinks at most 1032
/// fold.
void check_plausible(std::size_t pixel_bytes, std::size_t file_bytes) {
  if (pixel_bytes / 1032 > file_bytes)
    throw ImageError("the header claims " + std::to_string(pixel_bytes) +
                     " bytes of pixels, which " + std::to_string(file_bytes) +
                     " bytes of file cannot hold");
}

}  // namespace

bool is_png(std::span<const std::byte> content) noexcept {
  return content.size() >= kSignature.size() &&
         std::equal(kSignature.begin(), kSignature.end(), content.begin(),
                    [](unsigned char a, std::byte b) { return std::byte{a} == b; });
}

ImageSize png_size(std::span<const std::byte> content) {
  if (content.size() < 24) throw ImageError("broken PNG: the file ends in its header");
  const ImageSize size{big_endian_32(content, 16), big_endian_32(content, 20)};
  if (size.width == 0 || size.height == 0 || size.width > kLargestSide ||
      size.height > kLargestSide)
    throw ImageError("the header claims " + std::to_string(size.width) + " x " +
                     std::to_string(size.height) + " pixels; 1 to " + std::to_string(kLargestSide) +
                     " a side are accepted");
  return size;
}

ImageF decode_png(std::span<const std::byte> content) {
  const ImageSize size = png_size(content);
  check_plausible(size.width * size.height / 8, content.size());
  check_chunks(content);
  Reader reader(content);
  Layout layout;
  reader.run([&](png_structp png, png_infop info) { layout = begin_reading(png, info); });
  std::vector<png_byte> raw(layout.row_bytes * layout.height);
  std::vector<png_bytep> rows(layout.height);
  for (std::size_t y = 0; y < layout.height; ++y) rows[y] = raw.data() + y * layout.row_bytes;
  reader.run([&](png_structp png, png_infop info) {
    png_read_image(png, rows.data());
    png_read_end(png, info);
  });
  return to_grey(layout, raw);
}

std::vector<PngText> read_png_text(std::span<const std::byte> file_content) {
  if (!is_png(file_content)) return {};
  (void)png_size(file_content);
  check_chunks(file_content);
  Reader reader(file_content);
  png_textp chunks = nullptr;
  int count = 0;
  reader.run([&](png_structp png, png_infop info) {
    png_read_info(png, info);
    png_get_text(png, info, &chunks, &count);
  });
  std::vector<PngText> text;
  for (int i = 0; i < count; ++i)
    if (chunks[i].compression == PNG_TEXT_COMPRESSION_NONE && chunks[i].text != nullptr)
      text.push_back({chunks[i].key, {chunks[i].text, chunks[i].text_length}});
  return text;
}

namespace {

struct Raster {
  std::size_t width = 0;
  std::size_t height = 0;
  int bits = 8;
  int color_type = PNG_COLOR_TYPE_GRAY;
  std::size_t row_bytes = 0;
  std::vector<png_byte> bytes;
};

class Writer {
 public:
  Writer() {
    png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, &stream_, on_error, on_warning);
    info_ = png_ == nullptr ? nullptr : png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_write_struct(&png_, nullptr);
      throw ImageError("libpng cannot start");
    }
    png_set_write_fn(png_, &stream_, on_write, on_flush);
    // Of overlays and maps level 3 makes files of the same size as the default, 6, in a third of
    // its time (docs/performance.md).
    png_set_compression_level(png_, 3);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { png_destroy_write_struct(&png_, &info_); }

  [[nodiscard]] std::string write(const Raster& raster, std::vector<png_text>& text) {
    std::vector<png_bytep> rows(raster.height);
    for (std::size_t y = 0; y < raster.height; ++y)
      rows[y] = const_cast<png_bytep>(raster.bytes.data() + y * raster.row_bytes);
    const bool written = guarded(png_, [&] {
      png_set_IHDR(png_, info_, static_cast<png_uint_32>(raster.width),
                   static_cast<png_uint_32>(raster.height), raster.bits, raster.color_type,
                   PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
      if (!text.empty()) png_set_text(png_, info_, text.data(), static_cast<int>(text.size()));
      png_write_info(png_, info_);
      png_write_image(png_, rows.data());
      png_write_end(png_, nullptr);
    });
    if (!written) throw ImageError("the PNG cannot be written: " + stream_.error);
    return std::move(stream_.output);
  }

 private:
  Stream stream_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

std::string encode(const Raster& raster, std::span<const PngText> text) {
  std::vector<png_text> chunks;
  for (const PngText& entry : text) {
    png_text chunk{};
    chunk.compression = PNG_TEXT_COMPRESSION_NONE;
    chunk.key = const_cast<char*>(entry.keyword.c_str());
    chunk.text = const_cast<char*>(entry.value.c_str());
    chunk.text_length = entry.value.size();
    chunks.push_back(chunk);
  }
  return Writer().write(raster, chunks);
}

}  // namespace

std::string encode_png(const Image8& image, std::span<const PngText> text) {
  const auto pixels = image.pixels();
  return encode({image.width(),
                 image.height(),
                 8,
                 PNG_COLOR_TYPE_GRAY,
                 image.width(),
                 {pixels.begin(), pixels.end()}},
                text);
}

std::string encode_png(const Image16& image, std::span<const PngText> text) {
  Raster raster{image.width(), image.height(), 16, PNG_COLOR_TYPE_GRAY, 2 * image.width(), {}};
  raster.bytes.reserve(2 * image.pixels().size());
  for (const std::uint16_t value : image.pixels()) {
    raster.bytes.push_back(static_cast<png_byte>(value >> 8U));
    raster.bytes.push_back(static_cast<png_byte>(value & 0xffU));
  }
  return encode(raster, text);
}

std::string encode_png(const ImageRgb& image, std::span<const PngText> text) {
  Raster raster{image.width(), image.height(), 8, PNG_COLOR_TYPE_RGB, 3 * image.width(), {}};
  raster.bytes.reserve(3 * image.pixels().size());
  for (const Rgb& pixel : image.pixels())
    raster.bytes.insert(raster.bytes.end(), {pixel.r, pixel.g, pixel.b});
  return encode(raster, text);
}

}  // namespace chestmap
