#include "data/rsna.h"
#include "example_data.h"

using namespace chestmap;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run_parser([&] {
    fuzz::check(join_rsna_tables(parse_csv(fuzz::text_of(data, size), "fuzz.csv"), std::nullopt));
  });
  return 0;
}
