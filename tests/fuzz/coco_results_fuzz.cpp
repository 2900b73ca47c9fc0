#include "example_data.h"
#include "predictions/coco_results.h"

using namespace chestmap;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run_parser([&] {
    fuzz::check(parse_coco_results(fuzz::text_of(data, size), "fuzz.json", fuzz::example_data()));
  });
  return 0;
}
