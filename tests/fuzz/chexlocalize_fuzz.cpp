#include "data/chexlocalize.h"
#include "example_data.h"

using namespace chestmap;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run_parser(
      [&] { fuzz::check(parse_chexlocalize(fuzz::text_of(data, size), "fuzz.json")); });
  return 0;
}
