#include "example_data.h"
#include "fuzz_folder.h"

using namespace chestmap;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run_parser([&] {
    fuzz::put_parts(fuzz::text_of(data, size),
                    {"mimic-cxr-2.0.0-chexpert.csv", "mimic-cxr-2.0.0-metadata.csv",
                     "mimic-cxr-2.0.0-split.csv"});
    fuzz::check(fuzz::read_with("mimic-cxr"));
  });
  return 0;
}
