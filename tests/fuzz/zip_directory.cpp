// Bytes as a zip archive: every entry that is accepted must lie inside them.

#include "weights/zip_directory.h"

#include <cstdint>
#include <cstdlib>
#include <span>

#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chestmap;
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  try {
    for (const ZipEntry& entry : read_zip_directory(bytes, "fuzz")) {
      unsigned sum = 0;
      for (const std::byte byte : entry.data) sum += std::to_integer<unsigned>(byte);
      if (sum > 255U * size) std::abort();
    }
  } catch (const UserError&) {
  }
  return 0;
}
