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

std::string method_table(const MethodRows& method) {
  std::string table = "<table class=\"figures dense\">\n" + header() + "<tbody>\n";
  for (const ScoreRow& row : method.findings)
    table += fmt::format("<tr><th>{}</th><td>{}</td>{}</tr>\n", escaped(readable(row.finding)),
                         row.boxes, row_cells(row));
  table += "<tr class=\"mean\"><th>Mean</th><td></td>" + row_cells(method.mean) + "</tr>\n";
  table += "<tr><th>Mean without Cardiomegaly</th><td></td>" +
           row_cells(method.mean_without_cardiomegaly) + "</tr>\n</tbody></table>\n";
  return fmt::format("<details open class=\"method{}\"><summary>{}{}</summary>\n{}</details>\n",
                     method.control ? " is-control" : "", escaped(method.method),
                     method_marks(method), scrolling(table));
}

template <typename Get>
std::vector<std::string> distinct(const std::vector<DifferenceRow>& rows, Get get) {
  std::vector<std::string> names;
  for (const DifferenceRow& row : rows)
    if (std::find(names.begin(), names.end(), get(row)) == names.end()) names.push_back(get(row));
  return names;
}

std::string measure_title(const std::string& measure) {
  if (measure == "pointing") return "Pointing";
  if (measure.starts_with("iou.0.")) return "T(IoU) = " + measure.substr(5);
  return readable(measure);
}

std::string difference_cell(const RunScores& scores, const std::string& finding,
                            const std::string& other, const std::string& measure, bool first) {
  std::optional<Measured> difference;
  for (const DifferenceRow& row : scores.comparisons)
    if (row.finding == finding && row.b == other && row.measure == measure)
      difference = row.difference;
  std::string css_class = first ? "first" : "";
  if (difference && difference->low && *difference->low > 0) css_class += " above";
  if (difference && difference->high && *difference->high < 0) css_class += " below";
  return measured_cell(difference, css_class);
}

std::string differences(const RunScores& scores) {
  if (scores.comparisons.empty()) return {};
  const auto others = distinct(scores.comparisons, [](const auto& row) { return row.b; });
  const auto measures = distinct(scores.comparisons, [](const auto& row) { return row.measure; });
  const auto findings = distinct(scores.comparisons, [](const auto& row) { return row.finding; });
  std::string table = "<table class=\"figures\">\n<thead><tr><th rowspan=\"2\">Finding</th>";
  for (const std::string& other : others)
    table += fmt::format("<th class=\"group\" colspan=\"{}\">minus {}</th>", measures.size(),
                         escaped(other));
  table += "</tr>\n<tr>";
  for (std::size_t o = 0; o < others.size(); ++o)
    for (std::size_t m = 0; m < measures.size(); ++m)
      table += fmt::format("<th{}>{}</th>", m == 0 ? " class=\"first\"" : "",
                           escaped(measure_title(measures[m])));
  table += "</tr></thead>\n<tbody>\n";
  for (const std::string& finding : findings) {
    table += fmt::format("<tr{}><th>{}</th>", finding == "mean" ? " class=\"mean\"" : "",
                         finding == "mean"                        ? "Mean"
                         : finding == "mean_without_cardiomegaly" ? "Mean without Cardiomegaly"
                                                                  : escaped(readable(finding)));
    for (const std::string& other : others)
      for (std::size_t m = 0; m < measures.size(); ++m)
        table += difference_cell(scores, finding, other, measures[m], m == 0);
    table += "</tr>\n";
  }
  table += "</tbody></table>\n";
  return fmt::format(
      "<details open class=\"method\"><summary>Differences: {} minus each other method, paired"
      "</summary>\n{}</details>\n",
      escaped(scores.comparisons.front().a), scrolling(table));
}

}  // namespace

std::string localization_section(std::span<const ParsedRun> runs) {
  std::string tables;
  for (const ParsedRun& run : runs) {
    if (run.scores.localization.empty()) continue;
    tables += run_heading(runs, run);
    for (const MethodRows& method : run.scores.localization) tables += method_table(method);
    tables += differences(run.scores);
  }
  if (tables.empty()) return {};
  return "<p class=\"note\">Pointing: the map's peak lies in a box of the finding. Accuracy: share "
         "of the boxes that a detected box meets with more than T. IoBB: intersection over the "
         "detected box. AFP: false positive boxes over all boxes of the boxed images. Small type: "
         "95% interval. Of differences, <b class=\"above\">blue</b> has its interval above 0 and "
         "<b class=\"below\">red</b> below.</p>\n" +
         tables;
}

}  // namespace chestmap
