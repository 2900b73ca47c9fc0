#include <fmt/format.h>

#include <algorithm>

#include "report/html.h"
#include "report/sections.h"
#include "report/svg_plot.h"
#include "report/text.h"

namespace chestmap {

namespace {

/// All runs' findings, in the first run's order with the others' after it.
std::vector<std::string> all_findings(std::span<const ParsedRun> runs) {
  std::vector<std::string> findings;
  for (const ParsedRun& run : runs)
    for (const ClassificationRow& row : run.scores.classification)
      if (std::find(findings.begin(), findings.end(), row.scores.finding) == findings.end())
        findings.push_back(row.scores.finding);
  return findings;
}

std::string roc_panel(std::span<const ParsedRun> runs, const std::string& finding) {
  constexpr PlotFrame kFrame = {240, 232, 32, 10, 10, 36};
  SvgPlot plot(kFrame, unit_axis(4), unit_axis(4));
  plot.axes("false positive rate", "");
  plot.segment(plot.x_of(0), plot.y_of(0), plot.x_of(1), plot.y_of(1), "chance");
  std::string key;
  for (const ParsedRun& run : runs) {
    const ClassificationRow* row = run.scores.classification_of(finding);
    if (row == nullptr) continue;
    std::vector<std::pair<double, std::optional<double>>> points;
    for (const auto& [false_rate, true_rate] : row->roc) points.emplace_back(false_rate, true_rate);
    plot.line(points, run.colour, false);
    const std::optional<Measured> auroc = row->scores.get("auroc");
    key += fmt::format("<li>{} <b>{}</b></li>", run_label(run),
                       auroc ? short_number(auroc->value) : kUndefined);
  }
  return fmt::format(
      "<figure class=\"card\"><figcaption>{}</figcaption>\n{}<ul class=\"key-list\">{}</ul>"
      "</figure>\n",
      escaped(readable(finding)), plot.svg("ROC curve of " + readable(finding)), key);
}

std::string counts_cell(std::span<const ParsedRun> runs, const std::string& finding) {
  for (const ParsedRun& run : runs)
    if (const ClassificationRow* row = run.scores.classification_of(finding))
      return fmt::format("<td>{}</td><td>{}</td>", row->positives, row->negatives);
  return fmt::format("<td>{0}</td><td>{0}</td>", kUndefined);
}

std::string score_cells(std::span<const ParsedRun> runs, const std::string& finding) {
  std::string html;
  for (const ParsedRun& run : runs) {
    const ClassificationRow* row = run.scores.classification_of(finding);
    const ScoreRow empty;
    const ScoreRow& scores = row == nullptr ? empty : row->scores;
    html += measured_cell(scores.get("auroc"), "first") +
            measured_cell(scores.get("average_precision"));
  }
  return html;
}

std::string table(std::span<const ParsedRun> runs, const std::vector<std::string>& findings) {
  const bool several = runs.size() > 1;
  const char* span = several ? " rowspan=\"2\"" : "";
  std::string html = fmt::format(
      "<table class=\"figures\">\n<thead><tr><th{0}>Finding</th><th{0}>Positive</th><th{0}>Negative"
      "</th>",
      span);
  if (several) {
    for (const ParsedRun& run : runs)
      html += "<th class=\"group\" colspan=\"2\">" + run_label(run) + "</th>";
    html += "</tr>\n<tr>";
  }
  for (std::size_t i = 0; i < runs.size(); ++i) html += "<th class=\"first\">AUROC</th><th>AP</th>";
  html += "</tr></thead>\n<tbody>\n";
  for (const std::string& finding : findings)
    html += fmt::format("<tr><th>{}</th>{}{}</tr>\n", escaped(readable(finding)),
                        counts_cell(runs, finding), score_cells(runs, finding));
  html += "<tr class=\"mean\"><th>Mean</th><td></td><td></td>";
  for (const ParsedRun& run : runs)
    html += measured_cell(run.scores.classification_mean.get("auroc"), "first") +
            measured_cell(run.scores.classification_mean.get("average_precision"));
  return html + "</tr>\n</tbody></table>\n";
}

}  // namespace

std::string classification_section(std::span<const ParsedRun> runs) {
  const std::vector<std::string> findings = all_findings(runs);
  if (findings.empty()) return {};
  std::string html = scrolling(table(runs, findings));
  html +=
      "<p class=\"note\">AP: average precision. Images whose label is unknown count in neither "
      "column. Chance is an AUROC "
      "of .5 and an average precision of the share of positives.</p>\n<h3>ROC curves</h3>\n"
      "<div class=\"multiples\">\n";
  for (const std::string& finding : findings) html += roc_panel(runs, finding);
  return html +
         "</div>\n<p class=\"note\">Across: false positive rate; up: true positive rate. "
         "Beside each run its AUROC.</p>\n";
}

}  // namespace chestmap
