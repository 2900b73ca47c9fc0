#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "evaluate/evaluation.h"

namespace chestmap {

/// Null where there is none of this name.
[[nodiscard]] const MeasureValue* find_measure(const std::vector<MeasureValue>& values,
                                               std::string_view measure);
/// "0.812 [0.795, 0.830]"; "-" for what is undefined.
[[nodiscard]] std::string estimate_cell(const std::optional<Estimate>& estimate);
[[nodiscard]] std::string measure_cell(const std::vector<MeasureValue>& values,
                                       std::string_view measure);
/// A line of a table: name, count and cells in columns.
[[nodiscard]] std::string table_line(std::string_view name, std::string_view count,
                                     const std::vector<std::string>& cells);

}  // namespace chestmap
