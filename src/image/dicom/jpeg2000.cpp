#include "image/dicom/jpeg2000.h"

#include <fmt/format.h>
#include <openjpeg.h>

#include <algorithm>
#include <memory>
#include <string>

namespace chestmap {

namespace {

// OpenJPEG's codec and stream are the same type.
struct DestroyCodec {
  void operator()(opj_codec_t* codec) const noexcept { opj_destroy_codec(codec); }
};
struct DestroyStream {
  void operator()(opj_stream_t* stream) const noexcept { opj_stream_destroy(stream); }
};
struct DestroyImage {
  void operator()(opj_image_t* image) const noexcept { opj_image_destroy(image); }
};
using Codec = std::unique_ptr<opj_codec_t, DestroyCodec>;
using Stream = std::unique_ptr<opj_stream_t, DestroyStream>;
using Picture = std::unique_ptr<opj_image_t, DestroyImage>;

/// What the stream's callbacks read from.
struct Source {
  std::span<const std::byte> content;
  std::size_t at = 0;
};

OPJ_SIZE_T on_read(void* buffer, OPJ_SIZE_T size, void* user) {
  auto& source = *static_cast<Source*>(user);
  const std::size_t count = std::min<std::size_t>(size, source.content.size() - source.at);
  if (count == 0) return static_cast<OPJ_SIZE_T>(-1);
  const auto part = source.content.subspan(source.at, count);
  std::copy(part.begin(), part.end(), static_cast<std::byte*>(buffer));
  source.at += count;
  return count;
}

OPJ_BOOL on_seek(OPJ_OFF_T to, void* user) {
  auto& source = *static_cast<Source*>(user);
  if (to < 0 || static_cast<std::size_t>(to) > source.content.size()) return OPJ_FALSE;
  source.at = static_cast<std::size_t>(to);
  return OPJ_TRUE;
}

OPJ_OFF_T on_skip(OPJ_OFF_T by, void* user) {
  const auto& source = *static_cast<const Source*>(user);
  const auto at = static_cast<OPJ_OFF_T>(source.at);
  const auto size = static_cast<OPJ_OFF_T>(source.content.size());
  return by >= -at && by <= size - at && on_seek(at + by, user) == OPJ_TRUE ? by : -1;
}

void on_error(const char* message, void* user) {
  auto& first = *static_cast<std::string*>(user);
  if (first.empty()) first = message;
}

void on_other_message(const char* /*message*/, void* /*user*/) {}

bool is_jp2_file(std::span<const std::byte> content) {
  return content.size() > 12 && content[3] == std::byte{0x0c} && content[4] == std::byte{'j'} &&
         content[5] == std::byte{'P'};
}

[[noreturn]] void refuse(std::string reason) {
  while (!reason.empty() && reason.back() == '\n') reason.pop_back();
  throw ImageError("broken JPEG 2000: " + (reason.empty() ? "it cannot be decoded" : reason));
}

void check_components(const opj_image_t& picture, const CodestreamLayout& layout) {
  const std::span<const opj_image_comp_t> components(picture.comps, picture.numcomps);
  for (const opj_image_comp_t& component : components) {
    check_layout("JPEG 2000 codestream", {component.w, component.h, components.size()}, layout);
    if (component.prec > 16)
      throw ImageError(fmt::format(
          "its JPEG 2000 codestream has {} bits a sample; at most 16 are read", component.prec));
  }
}

}  // namespace

std::vector<std::uint16_t> decode_jpeg2000(std::span<const std::byte> codestream,
                                           const CodestreamLayout& layout) {
  std::string error;
  Source source{codestream};
  const Codec codec(opj_create_decompress(is_jp2_file(codestream) ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K));
  const Stream stream(opj_stream_default_create(OPJ_TRUE));
  if (!codec || !stream) throw ImageError("OpenJPEG cannot start");
  opj_set_error_handler(codec.get(), on_error, &error);
  opj_set_warning_handler(codec.get(), on_other_message, nullptr);
  opj_set_info_handler(codec.get(), on_other_message, nullptr);
  opj_stream_set_read_function(stream.get(), on_read);
  opj_stream_set_seek_function(stream.get(), on_seek);
  opj_stream_set_skip_function(stream.get(), on_skip);
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), codestream.size());

  opj_dparameters_t parameters{};
  opj_set_default_decoder_parameters(&parameters);
  opj_image_t* header = nullptr;
  const bool begun = opj_setup_decoder(codec.get(), &parameters) == OPJ_TRUE &&
                     opj_decoder_set_strict_mode(codec.get(), OPJ_TRUE) == OPJ_TRUE &&
                     opj_read_header(stream.get(), codec.get(), &header) == OPJ_TRUE;
  const Picture picture(header);
  if (!begun || !picture) refuse(error);
  if (picture->numcomps == 0) refuse(error);
  check_components(*picture, layout);  // before anything is allocated for its pixels
  if (opj_decode(codec.get(), stream.get(), picture.get()) != OPJ_TRUE) refuse(error);
  check_components(*picture, layout);

  std::vector<std::uint16_t> samples(layout.width * layout.height * layout.components);
  for (std::size_t c = 0; c < layout.components; ++c) {
    const OPJ_INT32* values = picture->comps[c].data;
    if (values == nullptr) refuse(error);
    for (std::size_t i = 0; i < layout.width * layout.height; ++i)
      samples[i * layout.components + c] = static_cast<std::uint16_t>(values[i]);
  }
  return samples;
}

}  // namespace chestmap
