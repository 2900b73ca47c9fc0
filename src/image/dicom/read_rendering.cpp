#include "image/dicom/read_rendering.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string>

#include "image/codec.h"

namespace chestmap {

namespace {

/// The table of the first item of a sequence; nothing where the data set has none.
std::optional<LookupTable> read_table(DcmItem& data_set, const DcmTagKey& sequence,
                                      bool is_signed) {
  DcmItem* item = nullptr;
  if (data_set.findAndGetSequenceItem(sequence, item, 0).bad() || item == nullptr)
    return std::nullopt;
  const auto count = sample_number(*item, DCM_LUTDescriptor, false, 0);
  const auto first = sample_number(*item, DCM_LUTDescriptor, is_signed, 1);
  const auto bits = sample_number(*item, DCM_LUTDescriptor, false, 2);
  if (!count || !first || !bits) throw ImageError("a lookup table's descriptor is incomplete");
  // 0 stands for 65536, which 16 bits cannot hold; a signed descriptor wraps around, too.
  const std::size_t size = *count == 0 ? 65536 : static_cast<std::uint16_t>(*count);
  const Uint16* words = nullptr;
  unsigned long word_count = 0;
  if (item->findAndGetUint16Array(DCM_LUTData, words, &word_count).bad() || words == nullptr)
    throw ImageError("a lookup table has no data");

  LookupTable table;
  table.first = *first;
  if (word_count >= size) {
    table.entries.assign(words, words + size);
    table.top = static_cast<double>((1U << static_cast<unsigned>(std::clamp(*bits, 8, 16))) - 1U);
  } else if (word_count * 2 >= size) {  // two entries of 8 bits a word, the lower one first
    for (std::size_t i = 0; i < size; ++i)
      table.entries.push_back((words[i / 2] >> (8 * (i % 2))) & 0xffU);
    table.top = 255.0;
  } else {
    throw ImageError(
        fmt::format("a lookup table holds {} entries, its descriptor says {}", word_count, size));
  }
  // Some descriptors tell fewer bits than the entries have.
  const unsigned most = *std::max_element(table.entries.begin(), table.entries.end());
  if (static_cast<double>(most) > table.top)
    table.top = static_cast<double>((1U << static_cast<unsigned>(std::bit_width(most))) - 1U);
  return table;
}

std::optional<Window> read_window(DcmItem& data_set) {
  const auto center = decimal_number(data_set, DCM_WindowCenter);
  const auto width = decimal_number(data_set, DCM_WindowWidth);
  if (!center || !width) return std::nullopt;
  const std::string name = code_string(data_set, DCM_VOILUTFunction);
  Window window{*center, *width, Window::Function::linear};
  if (name == "SIGMOID") window.function = Window::Function::sigmoid;
  if (name == "LINEAR_EXACT") window.function = Window::Function::linear_exact;
  const bool wide_enough =
      window.function == Window::Function::linear ? *width >= 1.0 : *width > 0.0;
  return wide_enough ? std::optional(window) : std::nullopt;
}

void read_depth(DcmItem& data_set, unsigned allocated_bits, GreyRendering& rendering) {
  rendering.stored_bits = whole_number(data_set, DCM_BitsStored).value_or(allocated_bits);
  rendering.high_bit = whole_number(data_set, DCM_HighBit).value_or(rendering.stored_bits - 1);
  if (rendering.stored_bits == 0 || rendering.stored_bits > allocated_bits ||
      rendering.high_bit >= allocated_bits || rendering.high_bit + 1 < rendering.stored_bits)
    throw ImageError(fmt::format("Bits Stored {} and High Bit {} do not fit {} bits allocated",
                                 rendering.stored_bits, rendering.high_bit, allocated_bits));
  rendering.is_signed = whole_number(data_set, DCM_PixelRepresentation).value_or(0) == 1;
}

/// An attribute that changes what each pixel means is not skipped where it is no number.
double rescale_number(DcmItem& data_set, const DcmTagKey& tag, const char* name, double otherwise) {
  if (!data_set.tagExistsWithValue(tag)) return otherwise;
  const auto value = decimal_number(data_set, tag);
  if (!value) throw ImageError(fmt::format("{} is no number", name));
  return *value;
}

void read_padding(DcmItem& data_set, GreyRendering& rendering) {
  const auto padding = sample_number(data_set, DCM_PixelPaddingValue, rendering.is_signed);
  if (!padding) return;
  const int limit =
      sample_number(data_set, DCM_PixelPaddingRangeLimit, rendering.is_signed).value_or(*padding);
  rendering.padding = GreyRendering::Padding{std::min(*padding, limit), std::max(*padding, limit)};
}

bool is_inverted(DcmItem& data_set) {
  const std::string shape = code_string(data_set, DCM_PresentationLUTShape);
  if (shape == "INVERSE") return true;
  if (shape == "IDENTITY") return false;
  return code_string(data_set, DCM_PhotometricInterpretation) == "MONOCHROME1";
}

}  // namespace

GreyRendering read_rendering(DcmItem& data_set, unsigned allocated_bits) {
  GreyRendering rendering;
  read_depth(data_set, allocated_bits, rendering);
  rendering.modality_table = read_table(data_set, DCM_ModalityLUTSequence, rendering.is_signed);
  rendering.slope = rescale_number(data_set, DCM_RescaleSlope, "Rescale Slope", 1.0);
  rendering.intercept = rescale_number(data_set, DCM_RescaleIntercept, "Rescale Intercept", 0.0);
  const bool signed_input =
      !rendering.modality_table && (rendering.is_signed || rendering.intercept < 0.0);
  rendering.interest_table = read_table(data_set, DCM_VOILUTSequence, signed_input);
  if (!rendering.interest_table) rendering.window = read_window(data_set);
  read_padding(data_set, rendering);
  rendering.inverted = is_inverted(data_set);
  return rendering;
}

}  // namespace chestmap
