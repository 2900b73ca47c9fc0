#include "data/chestxray14_tables.h"
#include "example_data.h"

using namespace chestmap;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run_parser([&] {
    // The label table, and what follows a line "----" as the table of boxes.
    const std::string_view text = fuzz::text_of(data, size);
    const std::size_t cut = text.find("----\n");
    ChestXray14Table table = parse_chestxray14_table(parse_csv(text.substr(0, cut), "fuzz.csv"));
    if (cut != std::string_view::npos)
      table =
          with_chestxray14_boxes(std::move(table), parse_csv(text.substr(cut + 5), "boxes.csv"));
    for (const Record& record : table.records)
      for (const FindingBox& box : record.boxes)
        fuzz::must(box.finding < 14 && box.box.right() <= 1024.0 && box.box.area() > 0.0);
  });
  return 0;
}
