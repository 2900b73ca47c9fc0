#include "image/dicom/dicom.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <mutex>
#include <set>
#include <string>

#include "base/log.h"
#include "image/dicom/dicom_file.h"
#include "image/dicom/pixel_data.h"
#include "image/dicom/read_rendering.h"

namespace chestmap {

namespace {

constexpr std::size_t kPreamble = 128;

/// A data set of a thousand images warns as one does.
void warn_once(const std::string& text) {
  static std::mutex mutex;
  static std::set<std::string> said;
  const std::lock_guard lock(mutex);
  if (said.insert(text).second) log_warning(text);
}

void warn_of_modality(DcmItem& data_set) {
  const std::string modality = code_string(data_set, DCM_Modality);
  if (modality == "CR" || modality == "DX" || modality == "RG") return;
  warn_once(modality.empty()
                ? std::string("a DICOM file names no modality; CR, DX and RG are radiographs")
                : fmt::format("a DICOM file is of modality {}; CR, DX and RG are radiographs",
                              quoted_code(modality)));
}

/// Height and width of a pixel, in any unit: nothing where the file tells neither.
std::optional<std::array<double, 2>> pixel_shape(DcmItem& data_set) {
  Sint32 vertical = 0;
  Sint32 horizontal = 0;
  if (data_set.findAndGetSint32(DCM_PixelAspectRatio, vertical, 0).good() &&
      data_set.findAndGetSint32(DCM_PixelAspectRatio, horizontal, 1).good())
    return std::array{static_cast<double>(vertical), static_cast<double>(horizontal)};
  for (const DcmTagKey& tag : {DCM_PixelSpacing, DCM_ImagerPixelSpacing}) {
    const auto row = decimal_number(data_set, tag, 0);
    const auto column = decimal_number(data_set, tag, 1);
    if (row && column) return std::array{*row, *column};
  }
  return std::nullopt;
}

void warn_of_pixel_shape(DcmItem& data_set) {
  const auto shape = pixel_shape(data_set);
  if (!shape || !((*shape)[0] > 0.0 && (*shape)[1] > 0.0)) return;
  const double ratio = (*shape)[0] / (*shape)[1];
  if (std::abs(ratio - 1.0) > 0.01)
    warn_once(
        fmt::format("a DICOM file's pixels are not square (height {:.3g} of width); they are taken "
                    "as they are",
                    ratio));
}

ImageSize size_of(DcmItem& data_set) {
  const auto width = whole_number(data_set, DCM_Columns);
  const auto height = whole_number(data_set, DCM_Rows);
  if (!width || !height)
    throw ImageError("the DICOM file holds no image: Rows or Columns are missing");
  if (*width == 0 || *height == 0 || *width > kLargestSide || *height > kLargestSide)
    throw ImageError(fmt::format("the header claims {} x {} pixels; 1 to {} a side are accepted",
                                 *width, *height, kLargestSide));
  return {*width, *height};
}

void check_frames(DcmItem& data_set) {
  Sint32 frames = 1;
  if (data_set.findAndGetSint32(DCM_NumberOfFrames, frames).good() && frames > 1)
    throw ImageError(fmt::format("the DICOM file holds {} frames; a radiograph has one", frames));
}

ImageF grey_image(DicomFile& file, const ImageSize& size) {
  const PixelData pixels = read_pixel_data(file, size.width, size.height, 1);
  const GreyRendering how = read_rendering(file.data_set(), pixels.allocated_bits);
  return pixels.allocated_bits == 8 ? rendered(pixels.bytes, size.width, size.height, how)
                                    : rendered(pixels.words, size.width, size.height, how);
}

ImageF colour_image(DicomFile& file, const ImageSize& size) {
  constexpr std::size_t kComponents = 3;
  const PixelData pixels = read_pixel_data(file, size.width, size.height, kComponents);
  const bool is_rgb = pixels.colour == "RGB";
  if (pixels.allocated_bits != 8 || (!is_rgb && pixels.colour != "YBR_FULL"))
    throw ImageError(
        fmt::format("it is in colour, Photometric Interpretation {} with {} bits; grey, and RGB "
                    "and YBR_FULL with 8 bits are read",
                    quoted_code(pixels.colour), pixels.allocated_bits));
  const std::size_t count = size.width * size.height;
  const std::size_t next_pixel = pixels.by_plane ? 1 : kComponents;
  const std::size_t next_component = pixels.by_plane ? count : 1;
  ImageF image(size.width, size.height);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* sample = pixels.bytes.data() + i * next_pixel;
    const auto component = [&](std::size_t c) {
      return static_cast<float>(sample[c * next_component]) / 255.0F;
    };
    image.pixels()[i] = is_rgb
                            ? 0.299F * component(0) + 0.587F * component(1) + 0.114F * component(2)
                            : component(0);
  }
  return image;
}

}  // namespace

bool is_dicom(std::span<const std::byte> content) noexcept {
  constexpr std::array mark{std::byte{'D'}, std::byte{'I'}, std::byte{'C'}, std::byte{'M'}};
  if (content.size() >= kPreamble + mark.size() &&
      std::equal(mark.begin(), mark.end(), content.begin() + kPreamble))
    return true;
  // Group 2 or 8, little-endian, and an element that such groups begin with.
  if (content.size() < 8) return false;
  const auto at = [&](std::size_t i) { return std::to_integer<unsigned>(content[i]); };
  const bool group = (at(0) == 2 || at(0) == 8) && at(1) == 0;
  return group && at(3) == 0 && (at(2) <= 1 || at(2) == 5 || at(2) == 8 || at(2) == 0x16);
}

ImageSize dicom_size(std::span<const std::byte> content) {
  DicomFile file(content, DicomFile::Part::header);
  return size_of(file.data_set());
}

ImageF decode_dicom(std::span<const std::byte> content) {
  DicomFile file(content, DicomFile::Part::whole);
  DcmDataset& data_set = file.data_set();
  const ImageSize size = size_of(data_set);
  check_frames(data_set);
  warn_of_modality(data_set);
  warn_of_pixel_shape(data_set);
  const unsigned components = whole_number(data_set, DCM_SamplesPerPixel).value_or(1);
  const std::string colour = code_string(data_set, DCM_PhotometricInterpretation);
  if (components == 3) return colour_image(file, size);
  if (components != 1 || (colour != "MONOCHROME1" && colour != "MONOCHROME2"))
    throw ImageError(
        fmt::format("Photometric Interpretation is {} with {} samples a pixel; MONOCHROME1 and "
                    "MONOCHROME2, and colour as RGB or YBR_FULL are read",
                    quoted_code(colour), components));
  return grey_image(file, size);
}

}  // namespace chestmap
