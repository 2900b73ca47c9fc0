#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/html.h"
#include "report/sections.h"
#include "report/svg_plot.h"
#include "report/text.h"

namespace chestmap {

namespace {

constexpr std::array<MeasureColumn, 9> kColumns = {{{"wafroc", "wAFROC"},
                                                    {"afroc", "AFROC"},
                                                    {"wafroc1", "wAFROC1"},
                                                    {"afroc1", "AFROC1"},
                                                    {"froc_mean", "Mean sensitivity"},
                                                    {"froc.0.5", "at 1/2 false"},
                                                    {"froc.2", "at 2 false"},
                                                    {"ap.0.1", "AP at IoU .1"},
                                                    {"ap.0.5", "AP at IoU .5"}}};

constexpr const char* kControlColour = "#77828f";

std::string method_table(const ParsedRun& run, const MethodRows& method) {
  std::string table =
      "<table class=\"figures dense\">\n<thead><tr><th>Finding</th><th>Boxes</th><th>Normal "
      "images</th>";
  for (const MeasureColumn& column : kColumns) table += fmt::format("<th>{}</th>", column.title);
  table += "</tr></thead>\n<tbody>\n";
  for (const ScoreRow& row : method.findings)
    table += fmt::format("<tr><th>{}</th><td>{}</td><td>{}</td>{}</tr>\n",
                         escaped(readable(row.finding)), row.boxes, row.normal_images,
                         measure_cells(row, kColumns));
  table += "<tr class=\"mean\"><th>Mean</th><td></td><td></td>" +
           measure_cells(method.mean, kColumns) + "</tr>\n";
  table += "<tr><th>Mean without Cardiomegaly</th><td></td><td></td>" +
           measure_cells(method.mean_without_cardiomegaly, kColumns) + "</tr>\n</tbody></table>\n";
  return method_details(run, method, table, !method.control);
}

struct Curve {
  std::vector<std::pair<double, std::optional<double>>> points;
  std::string colour;
  bool control = false;
  std::string label;
};

std::vector<Curve> curves_of(std::span<const ParsedRun> runs, const std::string& finding) {
  std::vector<Curve> curves;
  for (const ParsedRun& run : runs) {
    std::size_t method_number = 0;
    for (const MethodRows& method : run.scores.localization) {
      const std::size_t number = method_number++;
      const ScoreRow* row = method.row(finding);
      // Of several runs the first method stands for each; controls are the same in all.
      if (row == nullptr || row->froc.empty()) continue;
      if (runs.size() > 1 && number > 0 && !(method.control && &run == &runs[0])) continue;
      Curve curve;
      for (const auto& [marks, lesions] : row->froc) curve.points.emplace_back(marks, lesions);
      curve.control = method.control;
      curve.colour = method.control ? kControlColour
                     : number == 0  ? run.colour
                                    : other_colour(number);
      const std::string name = runs.size() > 1 && !method.control ? run.run->name : method.method;
      const std::optional<Measured> area = row->get("wafroc");
      curve.label = fmt::format("<li>{} <b>{}</b></li>", coloured_label(name, curve.colour),
                                area ? short_number(area->value) : kUndefined);
      curves.push_back(std::move(curve));
    }
  }
  return curves;
}

std::string panel(std::span<const ParsedRun> runs, const std::string& finding) {
  const std::vector<Curve> curves = curves_of(runs, finding);
  if (curves.empty()) return {};
  double most = 0.0;
  for (const Curve& curve : curves)
    for (const auto& [marks, lesions] : curve.points) most = std::max(most, marks);
  constexpr PlotFrame kFrame = {240, 232, 32, 10, 10, 36};
  SvgPlot plot(kFrame, nice_axis(0.0, std::max(most, 0.1), 3), unit_axis(4));
  plot.axes("false marks per image", "");
  std::string key;
  for (const Curve& curve : curves) {
    plot.line(curve.points, curve.colour, curve.control);
    key += curve.label;
  }
  return fmt::format(
      "<figure class=\"card\"><figcaption>{}</figcaption>\n{}<ul class=\"key-list\">{}</ul>"
      "</figure>\n",
      escaped(readable(finding)), plot.svg("FROC curve of " + readable(finding)), key);
}

}  // namespace

std::string free_response_section(std::span<const ParsedRun> runs) {
  std::string tables;
  std::vector<std::string> findings;
  for (const ParsedRun& run : runs) {
    std::string of_run;
    for (const MethodRows& method : run.scores.localization) {
      if (!has_any(method, kColumns)) continue;
      of_run += method_table(run, method);
      for (const ScoreRow& row : method.findings)
        if (std::find(findings.begin(), findings.end(), row.finding) == findings.end())
          findings.push_back(row.finding);
    }
    if (!of_run.empty()) tables += run_heading(runs, run) + of_run;
  }
  if (tables.empty()) return {};
  std::string panels;
  for (const std::string& finding : findings) panels += panel(runs, finding);
  if (!panels.empty())
    panels = "<div class=\"multiples\">\n" + panels +
             "</div>\n<p class=\"note\">FROC curves. Across: false marks per image; up: share of "
             "the true boxes that are marked; dashed: controls. Beside each its wAFROC.</p>\n";
  return "<p class=\"note\">A mark is right where the centre of its box lies in a true box. Images "
         "that are labelled with the finding without a box of it take no part. wAFROC: chance that "
         "a true box is marked with a higher score than the highest false mark of a normal image, "
         "each image's boxes weighing 1 together; AFROC: each box weighing 1; with a 1: all images "
         "in place of the normal ones, for sets without. AP: average precision as COCO has it."
         "</p>\n" +
         panels + tables;
}

}  // namespace chestmap
