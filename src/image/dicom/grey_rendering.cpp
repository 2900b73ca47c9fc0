#include "image/dicom/grey_rendering.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace chestmap {

namespace {

/// The places of the stored values in a sample.
struct StoredBits {
  unsigned shift = 0;
  unsigned mask = 0;

  explicit StoredBits(const GreyRendering& rendering)
      : shift(rendering.high_bit + 1 - rendering.stored_bits),
        mask((1U << rendering.stored_bits) - 1U) {}
  [[nodiscard]] unsigned of(unsigned sample) const { return (sample >> shift) & mask; }
};

std::int32_t value_of(unsigned pattern, const GreyRendering& rendering) {
  const auto value = static_cast<std::int32_t>(pattern);
  const bool negative = rendering.is_signed && (pattern >> (rendering.stored_bits - 1)) != 0;
  return negative ? value - (std::int32_t{1} << rendering.stored_bits) : value;
}

double looked_up(const LookupTable& table, double value) {
  const double last = static_cast<double>(table.entries.size()) - 1.0;
  const double place = std::clamp(std::floor(value) - table.first, 0.0, last);
  return table.entries[static_cast<std::size_t>(place)];
}

double modality_value(std::int32_t stored, const GreyRendering& rendering) {
  if (rendering.modality_table) return looked_up(*rendering.modality_table, stored);
  return rendering.slope * stored + rendering.intercept;
}

/// The formulas of PS3.3 C.11.2.1.2 and C.11.2.1.3 for an output from 0 to 1.
double windowed(const Window& window, double value) {
  double shown = 0.0;
  switch (window.function) {
    case Window::Function::sigmoid:
      return 1.0 / (1.0 + std::exp(-4.0 * (value - window.center) / window.width));
    case Window::Function::linear_exact:
      shown = (value - window.center) / window.width + 0.5;
      break;
    case Window::Function::linear:
      if (window.width <= 1.0) return value > window.center - 0.5 ? 1.0 : 0.0;
      shown = (value - (window.center - 0.5)) / (window.width - 1.0) + 0.5;
      break;
  }
  return std::clamp(shown, 0.0, 1.0);
}

bool is_padding(std::int32_t stored, const GreyRendering& rendering) {
  return rendering.padding && stored >= rendering.padding->low && stored <= rendering.padding->high;
}

/// The lowest and highest modality value of those stored that count.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
};

Range shown_range(const GreyRendering& rendering, std::span<const std::uint8_t> used) {
  constexpr unsigned kRenderedBits = 8;
  Range range;
  for (unsigned pattern = 0; pattern < used.size(); ++pattern) {
    const std::int32_t stored = value_of(pattern, rendering);
    const bool counts = rendering.stored_bits <= kRenderedBits ||
                        (used[pattern] != 0 && !is_padding(stored, rendering));
    if (!counts) continue;
    const double value = modality_value(stored, rendering);
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
  }
  return range;
}

/// The grey of each pattern of stored bits. `used` says which occur.
std::vector<float> grey_table(const GreyRendering& rendering, std::span<const std::uint8_t> used) {
  const bool by_range = !rendering.interest_table && !rendering.window;
  const Range range = by_range ? shown_range(rendering, used) : Range{};
  const double extent = range.high > range.low ? range.high - range.low : 1.0;
  const auto shown = [&](double value) {
    if (rendering.interest_table)
      return looked_up(*rendering.interest_table, value) / rendering.interest_table->top;
    if (rendering.window) return windowed(*rendering.window, value);
    return std::clamp((value - range.low) / extent, 0.0, 1.0);
  };
  std::vector<float> table(used.size());
  for (unsigned pattern = 0; pattern < table.size(); ++pattern) {
    if (used[pattern] == 0) continue;
    const std::int32_t stored = value_of(pattern, rendering);
    if (is_padding(stored, rendering)) continue;  // black
    const double grey = shown(modality_value(stored, rendering));
    table[pattern] = static_cast<float>(rendering.inverted ? 1.0 - grey : grey);
  }
  return table;
}

/// Every step depends on a pixel's own value, so that a table of all values holds them at once.
template <typename Sample>
ImageF rendered_by_table(std::span<const Sample> samples, std::size_t width, std::size_t height,
                         const GreyRendering& rendering) {
  const StoredBits bits(rendering);
  std::vector<std::uint8_t> used(std::size_t{1} << rendering.stored_bits);
  for (const Sample sample : samples) used[bits.of(sample)] = 1;
  const std::vector<float> table = grey_table(rendering, used);
  ImageF image(width, height);
  std::transform(samples.begin(), samples.end(), image.pixels().begin(),
                 [&](Sample sample) { return table[bits.of(sample)]; });
  return image;
}

}  // namespace

ImageF rendered(std::span<const std::uint8_t> samples, std::size_t width, std::size_t height,
                const GreyRendering& rendering) {
  return rendered_by_table(samples, width, height, rendering);
}

ImageF rendered(std::span<const std::uint16_t> samples, std::size_t width, std::size_t height,
                const GreyRendering& rendering) {
  return rendered_by_table(samples, width, height, rendering);
}

}  // namespace chestmap
