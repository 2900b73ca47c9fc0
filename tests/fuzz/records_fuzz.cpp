#include "data/prepared/records_file.h"
#include "fuzz_target.h"

using namespace chestmap;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run_parser([&] {
    const Dataset dataset = parse_records(fuzz::text_of(data, size), "records.jsonl");
    // Written and read again it is the same.
    const std::string text = records_text(dataset);
    fuzz::must(records_text(parse_records(text, "again.jsonl")) == text);
  });
  return 0;
}
