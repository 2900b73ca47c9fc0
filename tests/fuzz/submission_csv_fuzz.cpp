#include "example_data.h"
#include "predictions/submission_csv.h"

using namespace chestmap;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run_parser([&] {
    const CsvTable table = parse_csv(fuzz::text_of(data, size), "fuzz.csv");
    fuzz::check(join_submission_csv(table, fuzz::example_data()));
  });
  return 0;
}
