#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/html.h"
#include "report/sections.h"
#include "report/text.h"

namespace chestmap {

namespace {

constexpr std::array<MeasureColumn, 4> kColumns = {{{"mask_iou", "mIoU"},
                                                    {"mask_iou_all", "mIoU, misses as 0"},
                                                    {"mask_dice", "Dice"},
                                                    {"hit_rate", "Hit rate"}}};

std::string method_table(const ParsedRun& run, const MethodRows& method) {
  std::string table = "<table class=\"figures\">\n<thead><tr><th>Finding</th><th>Masks</th>";
  for (const MeasureColumn& column : kColumns) table += fmt::format("<th>{}</th>", column.title);
  table += "</tr></thead>\n<tbody>\n";
  for (const ScoreRow& row : method.findings)
    table += fmt::format("<tr><th>{}</th><td>{}</td>{}</tr>\n", escaped(readable(row.finding)),
                         row.masks, measure_cells(row, kColumns));
  table += "<tr class=\"mean\"><th>Mean</th><td></td>" + measure_cells(method.mean, kColumns) +
           "</tr>\n";
  table += "<tr><th>Mean without Cardiomegaly</th><td></td>" +
           measure_cells(method.mean_without_cardiomegaly, kColumns) + "</tr>\n</tbody></table>\n";
  return method_details(run, method, table, true);
}

}  // namespace

std::string mask_section(std::span<const ParsedRun> runs) {
  std::string tables;
  for (const ParsedRun& run : runs) {
    std::string of_run;
    for (const MethodRows& method : run.scores.localization)
      if (has_any(method, kColumns)) of_run += method_table(run, method);
    if (!of_run.empty()) tables += run_heading(runs, run) + of_run;
  }
  if (tables.empty()) return {};
  return "<p class=\"note\">As CheXlocalize defines them. mIoU: mean over the images that have "
         "both "
         "a true and a predicted mask; misses as 0: over those that have either. Hit rate: the "
         "map's peak lies in the true mask.</p>\n" +
         tables;
}

}  // namespace chestmap
