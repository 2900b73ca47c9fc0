#include "example_data.h"
#include "predictions/load_map.h"

using namespace chestmap;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run_parser<std::runtime_error>([&] {
    // Told from each other by their content, so that one corpus serves both.
    const ImageF map = fuzz::text_of(data, size).starts_with("\x93NUMPY")
                           ? decode_npy(fuzz::bytes_of(data, size))
                           : decode_map_png(fuzz::bytes_of(data, size));
    fuzz::must(!map.empty());
  });
  return 0;
}
