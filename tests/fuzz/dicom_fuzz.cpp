#include <algorithm>

#include "fuzz_target.h"
#include "image/dicom/dicom.h"

using namespace chestmap;

// What is decoded is grey in [0, 1], as large as the header says, and the header alone says the
// same.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto content = fuzz::bytes_of(data, size);
  if (!is_dicom(content)) return 0;
  fuzz::run_parser<ImageError>([&] {
    const ImageF image = decode_dicom(content);
    fuzz::must(dicom_size(content) == ImageSize{image.width(), image.height()});
    fuzz::must(std::all_of(image.pixels().begin(), image.pixels().end(),
                           [](float grey) { return grey >= 0.0F && grey <= 1.0F; }));
  });
  return 0;
}
