#include "evaluate/table_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace chestmap {

namespace {

constexpr std::size_t kNameWidth = 26;
constexpr std::size_t kCellWidth = 20;

}  // namespace

const MeasureValue* find_measure(const std::vector<MeasureValue>& values,
                                 std::string_view measure) {
  const auto found = std::find_if(values.begin(), values.end(), [&](const MeasureValue& value) {
    return value.measure == measure;
  });
  return found == values.end() ? nullptr : &*found;
}

std::string estimate_cell(const std::optional<Estimate>& estimate) {
  if (!estimate) return "-";
  if (!estimate->interval) return fmt::format("{:.3f}", estimate->value);
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", estimate->value, estimate->interval->low,
                     estimate->interval->high);
}

std::string measure_cell(const std::vector<MeasureValue>& values, std::string_view measure) {
  const MeasureValue* found = find_measure(values, measure);
  return found == nullptr ? "-" : estimate_cell(found->estimate);
}

std::string table_line(std::string_view name, std::string_view count,
                       const std::vector<std::string>& cells) {
  std::string text = fmt::format("  {:<{}}{:>9}", name, kNameWidth, count);
  for (const std::string& content : cells) text += fmt::format("  {:<{}}", content, kCellWidth);
  text.erase(text.find_last_not_of(' ') + 1);
  return text + '\n';
}

}  // namespace chestmap
