#include <array>

#include "base/csv.h"
#include "fuzz_target.h"

using namespace chestmap;

// A table that was read is the same when it is written by csv_line and read again.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run_parser([&] {
    const CsvTable table = parse_csv(fuzz::text_of(data, size), "fuzz.csv");
    fuzz::must(!table.header.empty());
    std::string again = "\xEF\xBB\xBF" + csv_line(table.header);  // the mark is no part of a field
    for (const CsvRow& row : table.rows) again += csv_line(row.fields);
    const CsvTable second = parse_csv(again, "again.csv");
    fuzz::must(second.header == table.header && second.rows.size() == table.rows.size());
    for (std::size_t i = 0; i < table.rows.size(); ++i)
      fuzz::must(second.rows[i].fields == table.rows[i].fields);
  });
  return 0;
}
