#include "data/vindr.h"
#include "example_data.h"

using namespace chestmap;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run_parser([&] {
    const CsvTable table = parse_csv(fuzz::text_of(data, size), "fuzz.csv");
    if (!table.rows.empty()) fuzz::check(join_vindr_tables({table}, {}));
  });
  return 0;
}
