#include <algorithm>
#include <vector>

#include "fuzz_target.h"
#include "image/png_filters.h"

using namespace chestmap;

// The first byte is the width, less one; the rest are filtered rows.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::size_t width = std::size_t{data[0]} + 1;
  const std::size_t height = (size - 1) / (width + 1);
  if (height == 0) return 0;
  // In a block of its own size, so that a sanitizer sees what is read beyond the margins.
  std::vector<std::uint8_t> buffer(height * (width + 1) + 2 * kFilterMargin);
  std::copy_n(data + 1, height * (width + 1), buffer.begin() + kFilterMargin);
  Image8 image(width, height);
  const bool undone =
      undo_filters(std::span(buffer).subspan(kFilterMargin, height * (width + 1)), image);
  // The first pixel has no neighbours.
  fuzz::must(!undone || image.at(0, 0) == data[2]);
  return 0;
}
