#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/html.h"
#include "report/sections.h"
#include "report/text.h"

namespace chestmap {

namespace {

struct Group {
  const char* title;
  const char* measure;  ///< before the threshold
  std::vector<const char*> thresholds;
};

const std::vector<Group>& groups() {
  static const std::vector<Group> all = {
      {"Accuracy at T(IoU)", "iou", {"0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"}},
      {"Accuracy at T(IoBB)", "iobb", {"0.1", "0.25", "0.5", "0.75", "0.9"}},
      {"AFP at T(IoU)", "afp_iou", {"0.1", "0.3", "0.5"}}};
  return all;
}

std::string header() {
  std::string html =
      "<thead><tr><th rowspan=\"2\">Finding</th><th rowspan=\"2\">Boxes</th><th rowspan=\"2\">"
      "Pointing</th><th rowspan=\"2\">Mean IoU</th>";
  for (const Group& group : groups())
    html += fmt::format("<th class=\"group\" colspan=\"{}\">{}</th>", group.thresholds.size(),
                        group.title);
  html += "</tr>\n<tr>";
  for (const Group& group : groups())
    for (std::size_t i = 0; i < group.thresholds.size(); ++i)
      html +=
          fmt::format("<th{}>{}</th>", i == 0 ? " class=\"first\"" : "", group.thresholds[i] + 1);
  return html + "</tr></thead>\n";
}

std::string row_cells(const ScoreRow& row) {
  std::string html = measured_cell(row.get("pointing")) + measured_cell(row.get("mean_iou"));
  for (const Group& group : groups())
    for (std::size_t i = 0; i < group.thresholds.size(); ++i)
      html += measured_cell(row.get(fmt::format("{}.{}", group.measure, group.thresholds[i])),
                            i == 0 ? "first" : "");
  return html;
}

std::string method_table(const ParsedRun& run, const MethodRows& method) {
  std::string table = "<table class=\"figures dense\">\n" + header() + "<tbody>\n";
  for (const ScoreRow& row : method.findings)
    table += fmt::format("<tr><th>{}</th><td>{}</td>{}</tr>\n", escaped(readable(row.finding)),
                         row.boxes, row_cells(row));
  table += "<tr class=\"mean\"><th>Mean</th><td></td>" + row_cells(method.mean) + "</tr>\n";
  table += "<tr><th>Mean without Cardiomegaly</th><td></td>" +
           row_cells(method.mean_without_cardiomegaly) + "</tr>\n</tbody></table>\n";
  return method_details(run, method, table, true);
}

}  // namespace

std::string localization_section(std::span<const ParsedRun> runs) {
  std::string tables;
  for (const ParsedRun& run : runs) {
    if (run.scores.localization.empty()) continue;
    tables += run_heading(runs, run);
    for (const MethodRows& method : run.scores.localization) tables += method_table(run, method);
  }
  if (tables.empty()) return {};
  return "<p class=\"note\">Pointing: the map's peak lies in a box of the finding. Accuracy: share "
         "of the boxes that a detected box meets with more than T. IoBB: intersection over the "
         "detected box. AFP: false positive boxes over all boxes of the boxed images. Small type: "
         "95% interval.</p>\n" +
         tables;
}

}  // namespace chestmap
