#include "data/column_map.h"
#include "data/plain_csv.h"
#include "example_data.h"
#include "fuzz_folder.h"

using namespace chestmap;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run_parser([&] {
    fuzz::put_parts(fuzz::text_of(data, size), {"columns.toml", "labels.csv"});
    fuzz::check(join_plain_tables(read_mapped_table(fuzz::folder() / "columns.toml"), {}));
  });
  return 0;
}
