// Bytes as a zip archive: every entry that is accepted must lie inside them.

#include "fuzz_target.h"
#include "weights/zip_directory.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chestmap;
  fuzz::run_parser([&] {
    std::size_t sum = 0;
    for (const ZipEntry& entry : read_zip_directory(fuzz::bytes_of(data, size), "fuzz"))
      for (const std::byte byte : entry.data) sum += std::to_integer<std::size_t>(byte);
    // Entries do not overlap, so that no byte is counted twice.
    fuzz::must(sum <= 255 * size);
  });
  return 0;
}
