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
  explicit Reader(std::span<const std::byte> content) : stream_{content, {}} {
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

}  // namespace chestmap
