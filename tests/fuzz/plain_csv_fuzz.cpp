#include <algorithm>
#include <optional>

#include "data/plain_csv.h"
#include "example_data.h"

using namespace chestmap;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run_parser([&] {
    // The table of labels, and what follows a line "----" as that of boxes; either may be empty.
    const std::string_view text = fuzz::text_of(data, size);
    const std::size_t cut = std::min(text.find("----\n"), text.size());
    std::optional<CsvTable> labels;
    std::optional<CsvTable> boxes;
    if (cut > 0) labels = parse_csv(text.substr(0, cut), "labels.csv");
    if (cut < text.size()) boxes = parse_csv(text.substr(cut + 5), "boxes.csv");
    if (labels || boxes) fuzz::check(join_plain_tables(labels, boxes));
  });
  return 0;
}
