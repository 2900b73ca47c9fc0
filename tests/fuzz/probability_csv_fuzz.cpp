#include "example_data.h"
#include "predictions/probability_csv.h"

using namespace chestmap;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run_parser([&] {
    fuzz::check(join_probability_csv(parse_csv(fuzz::text_of(data, size), "fuzz.csv"),
                                     fuzz::example_data()));
  });
  return 0;
}
