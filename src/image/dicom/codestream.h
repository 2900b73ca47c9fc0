#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "image/codec.h"

namespace chestmap {

/// What a compressed stream inside a DICOM file must hold, by the file's header.
struct CodestreamLayout {
  std::size_t width = 0;
  std::size_t height = 0;
  std::size_t components = 1;

  [[nodiscard]] std::size_t samples() const noexcept { return width * height * components; }
  friend bool operator==(const CodestreamLayout&, const CodestreamLayout&) = default;
};

/// Throws ImageError where the stream, `what`, holds something else than the header says.
void check_layout(const char* what, const CodestreamLayout& found,
                  const CodestreamLayout& expected);

}  // namespace chestmap
