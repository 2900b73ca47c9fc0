#include "example_data.h"
#include "fuzz_folder.h"

using namespace chestmap;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run_parser([&] {
    fuzz::put_parts(fuzz::text_of(data, size), {"train.csv", "valid.csv"});
    fuzz::check(fuzz::read_with("chexpert"));
  });
  return 0;
}
