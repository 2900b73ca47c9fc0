#include "image/dicom/jpeg_ls.h"

#include <charls/charls.h>
#include <fmt/format.h>

namespace chestmap {

namespace {

std::vector<std::uint16_t> decoded(charls::jpegls_decoder& decoder,
                                   const CodestreamLayout& layout) {
  const charls::frame_info& info = decoder.frame_info();
  check_layout("JPEG-LS stream",
               {info.width, info.height, static_cast<std::size_t>(info.component_count)}, layout);
  std::vector<std::uint16_t> samples(layout.samples());
  if (info.bits_per_sample > 8) {
    decoder.decode(samples);
  } else {
    std::vector<std::uint8_t> bytes(layout.samples());
    decoder.decode(bytes);
    samples.assign(bytes.begin(), bytes.end());
  }
  if (layout.components == 1 || decoder.interleave_mode() != charls::interleave_mode::none)
    return samples;
  const std::size_t pixels = layout.width * layout.height;
  std::vector<std::uint16_t> by_pixel(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i)
    by_pixel[(i % pixels) * layout.components + i / pixels] = samples[i];
  return by_pixel;
}

}  // namespace

std::vector<std::uint16_t> decode_jpeg_ls(std::span<const std::byte> codestream,
                                          const CodestreamLayout& layout) {
  try {
    charls::jpegls_decoder decoder;
    decoder.source(codestream.data(), codestream.size());
    decoder.read_header();
    return decoded(decoder, layout);
  } catch (const charls::jpegls_error& error) {
    throw ImageError(fmt::format("broken JPEG-LS: {}", error.what()));
  }
}

}  // namespace chestmap
