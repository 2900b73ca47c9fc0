#include "report/html.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "report/text.h"

namespace chestmap {

std::string measured_cell(const std::optional<Measured>& measured, std::string_view css_class) {
  const std::string attribute = css_class.empty() ? "" : fmt::format(" class=\"{}\"", css_class);
  if (!measured) return fmt::format("<td{}>{}</td>", attribute, kUndefined);
  const std::string interval = short_interval(measured);
  const std::string bca = measured->bca ? fmt::format(" title=\"BCa interval: {} to {}\"",
                                                      short_number(measured->bca->first),
                                                      short_number(measured->bca->second))
                                        : "";
  return fmt::format("<td{}>{}{}</td>", attribute, short_number(measured->value),
                     interval.empty() ? "" : "<small" + bca + ">" + interval + "</small>");
}

std::string coloured_label(std::string_view name, std::string_view colour) {
  return fmt::format("<span class=\"run\"><i style=\"background:{}\"></i>{}</span>", colour,
                     escaped(name));
}

std::string other_colour(std::size_t number) {
  // Apart from the colours of runs (parsed_run.cpp), which stand for the first subjects.
  static constexpr std::array<const char*, 4> kColours = {"#2f9bb5", "#c2478f", "#a07412",
                                                          "#5b5bd0"};
  return kColours[number % kColours.size()];
}

std::string run_label(const ParsedRun& run) {
  return coloured_label(run.run->name, run.colour) + oracle_mark(run);
}

std::string run_legend(std::span<const ParsedRun> runs) {
  if (runs.size() < 2) return {};
  std::string html = "<p class=\"legend\">";
  for (const ParsedRun& run : runs) html += run_label(run);
  return html + "</p>\n";
}

std::string run_heading(std::span<const ParsedRun> runs, const ParsedRun& run) {
  return runs.size() < 2 ? "" : "<h3>" + run_label(run) + "</h3>\n";
}

std::string oracle_mark(const ParsedRun& run) {
  if (run.scores.oracle.empty()) return {};
  return fmt::format(" <span class=\"mark oracle\" title=\"{}\">ORACLE</span>",
                     escaped(fmt::format("{}", fmt::join(run.scores.oracle, "; "))));
}

std::string method_marks(const ParsedRun& run, const MethodRows& method) {
  std::string marks;
  if (method.control)
    marks += " <span class=\"mark control\" title=\"never sees the image\">control</span>";
  if (method.control && method.uses_boxes)
    return marks +
           " <span class=\"mark oracle\" title=\"made of radiologists' boxes of other "
           "patients\">uses boxes</span>";
  if (method.uses_boxes)
    return marks +
           " <span class=\"mark oracle\" title=\"something of it was picked or fitted on the "
           "radiologists' boxes that it is scored on\">ORACLE</span>";
  return method.control ? marks : marks + oracle_mark(run);
}

std::string scrolling(std::string_view table) {
  return fmt::format("<div class=\"scroll\">\n{}</div>\n", table);
}

std::string method_details(const ParsedRun& run, const MethodRows& method, std::string_view table,
                           bool open) {
  return fmt::format("<details{} class=\"method{}\"><summary>{}{}</summary>\n{}</details>\n",
                     open ? " open" : "", method.control ? " is-control" : "",
                     escaped(method.method), method_marks(run, method), scrolling(table));
}

bool has_any(const MethodRows& method, std::span<const MeasureColumn> columns) {
  return std::any_of(method.findings.begin(), method.findings.end(), [&](const ScoreRow& row) {
    return std::any_of(columns.begin(), columns.end(),
                       [&row](const MeasureColumn& column) { return row.get(column.measure); });
  });
}

std::string measure_cells(const ScoreRow& row, std::span<const MeasureColumn> columns) {
  std::string html;
  for (const MeasureColumn& column : columns) html += measured_cell(row.get(column.measure));
  return html;
}

}  // namespace chestmap
