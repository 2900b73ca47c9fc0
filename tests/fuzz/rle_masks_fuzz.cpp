#include "example_data.h"
#include "predictions/rle_masks.h"

using namespace chestmap;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run_parser([&] {
    fuzz::check(parse_rle_masks(fuzz::text_of(data, size), "fuzz.json", fuzz::example_data()));
  });
  return 0;
}
