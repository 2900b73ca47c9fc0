#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "report/parsed_run.h"
#include "report/scores.h"

namespace chestmap {

/// A table cell: the value, and its interval below in small type; an en dash where it is undefined.
[[nodiscard]] std::string measured_cell(const std::optional<Measured>& measured,
                                        std::string_view css_class = {});

/// The runs' names with their colours; empty for a single run.
[[nodiscard]] std::string run_legend(std::span<const ParsedRun> runs);
/// A run's name with its colour.
[[nodiscard]] std::string run_label(const ParsedRun& run);
/// The run's heading inside a section; empty for a single run.
[[nodiscard]] std::string run_heading(std::span<const ParsedRun> runs, const ParsedRun& run);

/// "control" and "oracle" marks of a method; empty for one that is neither.
[[nodiscard]] std::string method_marks(const ParsedRun& run, const MethodRows& method);
/// A method's table under its name and marks, folded unless `open`.
[[nodiscard]] std::string method_details(const ParsedRun& run, const MethodRows& method,
                                         std::string_view table, bool open);

/// A column of a table with a row for each finding.
struct MeasureColumn {
  const char* measure;  ///< as in evaluation.json
  const char* title;
};
/// Whether any finding of the method has any of the measures.
[[nodiscard]] bool has_any(const MethodRows& method, std::span<const MeasureColumn> columns);
[[nodiscard]] std::string measure_cells(const ScoreRow& row,
                                        std::span<const MeasureColumn> columns);
/// The "oracle" mark of a run of which something was fitted on what it is scored on; else empty.
[[nodiscard]] std::string oracle_mark(const ParsedRun& run);

/// A name with its colour.
[[nodiscard]] std::string coloured_label(std::string_view name, std::string_view colour);
/// Of the further subjects of a run, counted from 1.
[[nodiscard]] std::string other_colour(std::size_t number);

/// A table that scrolls sideways where the page is narrow.
[[nodiscard]] std::string scrolling(std::string_view table);

}  // namespace chestmap
