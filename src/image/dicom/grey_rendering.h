#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "image/image.h"

namespace chestmap {

/// A table of DICOM, PS3.3 C.11.1 and C.11.2: the value `first` and all below it map to the first
/// entry, the next value to the second, and all beyond its end to the last.
struct LookupTable {
  std::int32_t first = 0;
  std::vector<std::uint16_t> entries;  ///< at least one
  double top = 65535.0;                ///< the largest value that an entry may take
};

/// A window of PS3.3 C.11.2.1.2 and C.11.2.1.3, in values behind the modality transformation.
struct Window {
  enum class Function { linear, linear_exact, sigmoid };
  double center = 0.0;
  double width = 1.0;  ///< at least 1 for `linear`, above 0 for the others
  Function function = Function::linear;
};

/// How the stored values of a grey image become what a viewer shows: modality transformation, then
/// values of interest, then presentation.
struct GreyRendering {
  unsigned stored_bits = 16;  ///< 1 to 16
  unsigned high_bit = 15;     ///< place of the highest stored bit, at least stored_bits - 1
  bool is_signed = false;     ///< two's complement
  double slope = 1.0;
  double intercept = 0.0;
  std::optional<LookupTable> modality_table;  ///< instead of slope and intercept
  std::optional<LookupTable> interest_table;  ///< instead of a window
  std::optional<Window> window;
  bool inverted = false;  ///< low values are white
  /// Stored values, both ends included, that fill up the frame outside of the radiograph.
  struct Padding {
    std::int32_t low = 0;
    std::int32_t high = 0;
  };
  std::optional<Padding> padding;
};

/// Grey in [0, 1] of `width` x `height` samples, row by row. Where there is neither a table nor a
/// window of the values of interest, all that 8 or fewer bits can hold is shown, since such images
/// were rendered before they were stored; of more bits, the range that the image uses, padding left
/// out, as viewers do: detectors often use a small part of what their bits can hold. Padding is
/// black.
[[nodiscard]] ImageF rendered(std::span<const std::uint8_t> samples, std::size_t width,
                              std::size_t height, const GreyRendering& rendering);
[[nodiscard]] ImageF rendered(std::span<const std::uint16_t> samples, std::size_t width,
                              std::size_t height, const GreyRendering& rendering);

}  // namespace chestmap
