#include "image/dicom/codestream.h"

#include <fmt/format.h>

namespace chestmap {

void check_layout(const char* what, const CodestreamLayout& found,
                  const CodestreamLayout& expected) {
  if (found == expected) return;
  throw ImageError(
      fmt::format("its {} holds {} x {} pixels of {} samples, the header says {} x {} "
                  "of {}",
                  what, found.width, found.height, found.components, expected.width,
                  expected.height, expected.components));
}

}  // namespace chestmap
