#include "image/dicom/pixel_data.h"

#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "image/dicom/jpeg2000.h"
#include "image/dicom/jpeg_ls.h"
#include "image/dicom/run_lengths.h"
#include "image/jpeg.h"

namespace chestmap {

namespace {

/// No radiograph is compressed as much: a file that claims more is broken, or made to fill the
/// memory.
constexpr std::size_t kMostCompression = 2048;

DcmPixelData& pixel_element(DcmDataset& data_set) {
  DcmElement* element = nullptr;
  if (data_set.findAndGetElement(DCM_PixelData, element).bad() || element == nullptr)
    throw ImageError("the DICOM file holds no pixel data");
  auto* pixels = dynamic_cast<DcmPixelData*>(element);
  if (pixels == nullptr) throw ImageError("broken DICOM: its pixel data are of another kind");
  return *pixels;
}

/// The compressed stream of a single frame, its fragments joined.
std::vector<std::byte> joined_fragments(DcmPixelSequence& sequence) {
  std::vector<std::byte> stream;
  for (unsigned long i = 1; i < sequence.card(); ++i) {  // the first holds offsets
    DcmPixelItem* fragment = nullptr;
    Uint8* bytes = nullptr;
    if (sequence.getItem(fragment, i).bad() || fragment == nullptr ||
        fragment->getUint8Array(bytes).bad() || bytes == nullptr)
      continue;
    const auto* begin = reinterpret_cast<const std::byte*>(bytes);
    stream.insert(stream.end(), begin, begin + fragment->getLength());
  }
  return stream;
}

/// What DCMTK does not decode, or not strictly enough: it ends the program at an assertion where
/// JPEG-LS is broken, and fills the rest with black or grey where run lengths or JPEG are. Nothing
/// for the other transfer syntaxes. Throws ImageError.
std::optional<std::vector<std::uint16_t>> decode_strictly(E_TransferSyntax syntax,
                                                          std::span<const std::byte> stream,
                                                          const CodestreamLayout& layout,
                                                          unsigned allocated_bits) {
  switch (syntax) {
    case EXS_RLELossless:
      return decode_run_lengths(stream, layout, allocated_bits);
    case EXS_JPEGLSLossless:
    case EXS_JPEGLSLossy:
      return decode_jpeg_ls(stream, layout);
    case EXS_JPEG2000:
    case EXS_JPEG2000LosslessOnly:
      return decode_jpeg2000(stream, layout);
    case EXS_JPEGProcess1: {
      if (layout.components > 1) return std::nullopt;  // DICOM says what its colours mean, not JPEG
      const Image8 image = decode_jpeg(stream);
      check_layout("JPEG stream", {image.width(), image.height(), 1}, layout);
      return std::vector<std::uint16_t>(image.pixels().begin(), image.pixels().end());
    }
    default:
      return std::nullopt;
  }
}

bool is_jpeg_of_dcmtk(E_TransferSyntax syntax) {
  switch (syntax) {
    case EXS_JPEGProcess1:
    case EXS_JPEGProcess2_4:
    case EXS_JPEGProcess6_8:
    case EXS_JPEGProcess10_12:
    case EXS_JPEGProcess14:
    case EXS_JPEGProcess14SV1:
      return true;
    default:
      return false;
  }
}

/// A JPEG stream that is cut short lacks its end marker; DCMTK would fill the rest with grey.
void check_jpeg_end(std::span<const std::byte> stream) {
  while (!stream.empty() && stream.back() == std::byte{0}) stream = stream.first(stream.size() - 1);
  if (stream.size() < 2 || stream.back() != std::byte{0xd9} ||
      stream[stream.size() - 2] != std::byte{0xff})
    throw ImageError("broken JPEG: the stream ends before its end marker");
}

/// DCMTK's codecs, which are those of the Independent JPEG Group for 8, 12 and 16 bits.
void decode_by_dcmtk(DcmDataset& data_set, DcmPixelData& element, PixelData& pixels,
                     std::size_t samples) {
  const bool is_bytes = pixels.allocated_bits == 8;
  const std::size_t size = samples * pixels.allocated_bits / 8;
  const std::size_t even = size + size % 2;
  void* target = nullptr;
  if (is_bytes) {
    pixels.own_bytes.resize(even);
    target = pixels.own_bytes.data();
  } else {
    pixels.own_words.resize(samples);
    target = pixels.own_words.data();
  }
  Uint32 fragment = 0;
  OFString colour;
  const OFCondition status = element.getUncompressedFrame(&data_set, 0, fragment, target,
                                                          static_cast<Uint32>(even), colour);
  if (status.bad())
    throw ImageError(fmt::format("the DICOM file's pixels ({}) cannot be decoded: {}",
                                 DcmXfer(data_set.getOriginalXfer()).getXferName(), status.text()));
  pixels.colour.assign(colour.c_str(), colour.size());
  pixels.own_bytes.resize(is_bytes ? samples : 0);
}

void decode_compressed(DicomFile& file, DcmPixelData& element, PixelData& pixels,
                       const CodestreamLayout& layout) {
  E_TransferSyntax syntax = file.transfer_syntax();
  const DcmRepresentationParameter* parameter = nullptr;
  element.getOriginalRepresentationKey(syntax, parameter);
  DcmPixelSequence* sequence = nullptr;
  if (element.getEncapsulatedRepresentation(syntax, parameter, sequence).bad() ||
      sequence == nullptr)
    throw ImageError("broken DICOM: its pixel data are not compressed as its header says");
  const std::vector<std::byte> stream = joined_fragments(*sequence);
  const std::size_t claimed = layout.samples() * pixels.allocated_bits / 8;
  if (claimed / kMostCompression > stream.size())
    throw ImageError(
        fmt::format("the header claims {} bytes of pixels, which {} bytes of "
                    "compressed data cannot hold",
                    claimed, stream.size()));
  auto decoded = decode_strictly(syntax, stream, layout, pixels.allocated_bits);
  if (!decoded) {
    if (!is_jpeg_of_dcmtk(syntax))
      throw ImageError(fmt::format("the DICOM file's transfer syntax ({}) is not supported",
                                   DcmXfer(syntax).getXferName()));
    check_jpeg_end(stream);
    decode_by_dcmtk(file.data_set(), element, pixels, layout.samples());
  } else if (pixels.allocated_bits == 16) {
    pixels.own_words = std::move(*decoded);
  } else {
    pixels.own_bytes.reserve(decoded->size());
    for (const std::uint16_t sample : *decoded)
      pixels.own_bytes.push_back(static_cast<std::uint8_t>(sample));
  }
  // A JPEG 2000 codestream's own transform is undone by its decoder.
  if (pixels.colour == "YBR_RCT" || pixels.colour == "YBR_ICT") pixels.colour = "RGB";
  pixels.bytes = pixels.own_bytes;
  pixels.words = pixels.own_words;
}

void point_at_stored(DcmPixelData& element, PixelData& pixels, std::size_t samples) {
  const std::size_t stored = element.getLength();
  const std::size_t needed = samples * pixels.allocated_bits / 8;
  if (stored < needed)
    throw ImageError(fmt::format("the pixel data are cut short: {} bytes of {}", stored, needed));
  Uint8* bytes = nullptr;
  Uint16* words = nullptr;
  const OFCondition status =
      pixels.allocated_bits == 8 ? element.getUint8Array(bytes) : element.getUint16Array(words);
  if (status.bad() || (bytes == nullptr && words == nullptr))
    throw ImageError(fmt::format("the pixel data cannot be read: {}", status.text()));
  if (bytes != nullptr)
    pixels.bytes = {bytes, samples};
  else
    pixels.words = {words, samples};
}

}  // namespace

PixelData read_pixel_data(DicomFile& file, std::size_t width, std::size_t height,
                          std::size_t components) {
  DcmDataset& data_set = file.data_set();
  PixelData pixels;
  pixels.allocated_bits = whole_number(data_set, DCM_BitsAllocated).value_or(0);
  if (pixels.allocated_bits == 0) throw ImageError("Bits Allocated is missing");
  if (pixels.allocated_bits != 8 && pixels.allocated_bits != 16)
    throw ImageError(fmt::format("Bits Allocated is {}; 8 and 16 are read", pixels.allocated_bits));
  pixels.colour = code_string(data_set, DCM_PhotometricInterpretation);
  DcmPixelData& element = pixel_element(data_set);
  if (DcmXfer(file.transfer_syntax()).isEncapsulated()) {
    decode_compressed(file, element, pixels, {width, height, components});
  } else {
    pixels.by_plane =
        components > 1 && whole_number(data_set, DCM_PlanarConfiguration).value_or(0) == 1;
    point_at_stored(element, pixels, width * height * components);
  }
  return pixels;
}

}  // namespace chestmap
