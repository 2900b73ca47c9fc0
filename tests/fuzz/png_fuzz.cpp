#include "fuzz_target.h"
#include "image/grey_png.h"
#include "image/png.h"
#include "image/resize.h"

using namespace chestmap;

// What the fast path decodes, libpng decodes alike.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto content = fuzz::bytes_of(data, size);
  if (!is_png(content)) return 0;
  fuzz::run_parser<ImageError>([&] {
    const auto image = decode_grey8_png(content);
    if (image) fuzz::must(in_unit_range(*image) == decode_png(content));
  });
  return 0;
}
