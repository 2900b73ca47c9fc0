#include "report/html.h"

#include <fmt/format.h>

#include "report/text.h"

namespace chestmap {

std::string measured_cell(const std::optional<Measured>& measured, std::string_view css_class) {
  const std::string attribute = css_class.empty() ? "" : fmt::format(" class=\"{}\"", css_class);
  if (!measured) return fmt::format("<td{}>{}</td>", attribute, kUndefined);
  const std::string interval = short_interval(measured);
  return fmt::format("<td{}>{}{}</td>", attribute, short_number(measured->value),
                     interval.empty() ? "" : "<small>" + interval + "</small>");
}

std::string run_label(const ParsedRun& run) {
  return fmt::format("<span class=\"run\"><i style=\"background:{}\"></i>{}</span>", run.colour,
                     escaped(run.run->name));
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

std::string method_marks(const MethodRows& method) {
  std::string marks;
  if (method.control)
    marks += " <span class=\"mark control\" title=\"never sees the image\">control</span>";
  if (method.uses_boxes)
    marks +=
        " <span class=\"mark oracle\" title=\"something of it was chosen on radiologists' boxes\">"
        "ORACLE</span>";
  return marks;
}

std::string scrolling(std::string_view table) {
  return fmt::format("<div class=\"scroll\">\n{}</div>\n", table);
}

}  // namespace chestmap
