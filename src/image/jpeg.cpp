#include "image/jpeg.h"

// jpeglib.h needs these two before it.
#include <jerror.h>
#include <jpeglib.h>

#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace chestmap {

namespace {

/// Enough for every real progressive file; a file with thousands of scans is made to keep the
/// decoder busy.
constexpr int kMostScans = 500;

/// libjpeg's error manager with what its callbacks keep.
struct ErrorState {
  jpeg_error_mgr manager{};
  std::jmp_buf jump{};
  std::array<char, JMSG_LENGTH_MAX> message{};
};

ErrorState& state_of(j_common_ptr info) { return *reinterpret_cast<ErrorState*>(info->err); }

void on_error(j_common_ptr info) {
  ErrorState& state = state_of(info);
  state.manager.format_message(info, state.message.data());
  std::longjmp(state.jump, 1);
}

/// Of libjpeg's warnings these three leave every pixel as the encoder meant it.
bool harmless(int code) {
  return code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR || code == JWRN_TOO_MUCH_DATA;
}

/// Any other warning ends the decoding: libjpeg would go on and fill the rest with grey.
void on_message(j_common_ptr info, int level) {
  if (level < 0 && !harmless(state_of(info).manager.msg_code)) on_error(info);
}

void on_progress(j_common_ptr info) {
  const auto* decoder = reinterpret_cast<j_decompress_ptr>(info);
  if (decoder->input_scan_number <= kMostScans) return;
  ErrorState& state = state_of(info);
  constexpr std::string_view text = "more scans than any real image has";
  text.copy(state.message.data(), text.size());
  std::longjmp(state.jump, 1);
}

class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> content) {
    info_.err = jpeg_std_error(&error_.manager);
    error_.manager.error_exit = on_error;
    error_.manager.emit_message = on_message;
    progress_.progress_monitor = on_progress;
    run([&](jpeg_decompress_struct& info) {
      jpeg_create_decompress(&info);
      info.progress = &progress_;
      jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(content.data()),
                   static_cast<unsigned long>(content.size()));
    });
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { jpeg_destroy_decompress(&info_); }

  /// Runs one step of libjpeg. Its error handler jumps back here, so that a step may hold nothing
  /// with a destructor.
  template <typename Step>
  void run(const Step& step) {
    if (!guarded(step)) throw ImageError(std::string("broken JPEG: ") + error_.message.data());
  }

 private:
  template <typename Step>
  bool guarded(const Step& step) {
    if (setjmp(error_.jump) != 0) return false;
    step(info_);
    return true;
  }

  jpeg_decompress_struct info_{};
  ErrorState error_;
  jpeg_progress_mgr progress_{};
};

ImageSize checked(std::size_t width, std::size_t height) {
  if (width == 0 || height == 0 || width > kLargestSide || height > kLargestSide)
    throw ImageError("the header claims " + std::to_string(width) + " x " + std::to_string(height) +
                     " pixels; 1 to " + std::to_string(kLargestSide) + " a side are accepted");
  return {width, height};
}

}  // namespace

bool is_jpeg(std::span<const std::byte> content) noexcept {
  return content.size() >= 3 && content[0] == std::byte{0xff} && content[1] == std::byte{0xd8} &&
         content[2] == std::byte{0xff};
}

ImageSize jpeg_size(std::span<const std::byte> content) {
  Decoder decoder(content);
  ImageSize size;
  decoder.run([&](jpeg_decompress_struct& info) {
    jpeg_read_header(&info, TRUE);
    size = {info.image_width, info.image_height};
  });
  return checked(size.width, size.height);
}

Image8 decode_jpeg(std::span<const std::byte> content) {
  Decoder decoder(content);
  ImageSize size;
  bool convertible = false;
  decoder.run([&](jpeg_decompress_struct& info) {
    jpeg_read_header(&info, TRUE);
    size = {info.image_width, info.image_height};
    convertible = info.jpeg_color_space == JCS_GRAYSCALE || info.jpeg_color_space == JCS_YCbCr ||
                  info.jpeg_color_space == JCS_RGB;
  });
  checked(size.width, size.height);
  if (!convertible) throw ImageError("the JPEG's colour space is neither grey, YCbCr nor RGB");
  Image8 image(size.width, size.height);
  JSAMPLE* pixels = image.pixels().data();
  decoder.run([&](jpeg_decompress_struct& info) {
    info.out_color_space = JCS_GRAYSCALE;
    jpeg_start_decompress(&info);
    while (info.output_scanline < info.output_height) {
      JSAMPROW row = pixels + std::size_t{info.output_scanline} * size.width;
      jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
  });
  return image;
}

}  // namespace chestmap
