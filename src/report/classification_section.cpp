#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/html.h"
#include "report/sections.h"
#include "report/svg_plot.h"
#include "report/text.h"

namespace chestmap {

namespace {

/// A classifier of a run under its label and colour.
struct Shown {
  const ClassifierRows* rows = nullptr;
  std::string label;  ///< HTML
  std::string colour;
};

std::vector<Shown> shown(std::span<const ParsedRun> runs) {
  std::vector<Shown> all;
  for (const ParsedRun& run : runs)
    for (std::size_t i = 0; i < run.scores.classifiers.size(); ++i) {
      const ClassifierRows& rows = run.scores.classifiers[i];
      const std::string colour = i == 0 ? run.colour : other_colour(all.size());
      const std::string name = run.scores.classifiers.size() == 1 ? run.run->name
                               : runs.size() == 1                 ? rows.classifier
                                                  : run.run->name + ": " + rows.classifier;
      all.push_back({&rows, coloured_label(name, colour), colour});
    }
  return all;
}

/// All findings, in the first classifier's order with the others' after it.
std::vector<std::string> all_findings(const std::vector<Shown>& classifiers) {
  std::vector<std::string> findings;
  for (const Shown& classifier : classifiers)
    for (const ClassificationRow& row : classifier.rows->findings)
      if (std::find(findings.begin(), findings.end(), row.scores.finding) == findings.end())
        findings.push_back(row.scores.finding);
  return findings;
}

std::string panel(const std::string& finding, const SvgPlot& plot, const std::string& label,
                  const std::string& key) {
  return fmt::format(
      "<figure class=\"card\"><figcaption>{}</figcaption>\n{}<ul class=\"key-list\">{}</ul>"
      "</figure>\n",
      escaped(readable(finding)), plot.svg(label + readable(finding)), key);
}

std::string key_line(const Shown& classifier, const std::optional<Measured>& value) {
  return fmt::format("<li>{} <b>{}</b></li>", classifier.label,
                     value ? short_number(value->value) : kUndefined);
}

std::string roc_panel(const std::vector<Shown>& classifiers, const std::string& finding) {
  constexpr PlotFrame kFrame = {240, 232, 32, 10, 10, 36};
  SvgPlot plot(kFrame, unit_axis(4), unit_axis(4));
  plot.axes("false positive rate", "");
  plot.segment(plot.x_of(0), plot.y_of(0), plot.x_of(1), plot.y_of(1), "chance");
  std::string key;
  for (const Shown& classifier : classifiers) {
    const ClassificationRow* row = classifier.rows->row(finding);
    if (row == nullptr) continue;
    std::vector<std::pair<double, std::optional<double>>> points;
    for (const auto& [false_rate, true_rate] : row->roc) points.emplace_back(false_rate, true_rate);
    plot.line(points, classifier.colour, false);
    key += key_line(classifier, row->scores.get("auroc"));
  }
  return panel(finding, plot, "ROC curve of ", key);
}

/// Dots of an area that grows with the number of images.
std::string reliability_panel(const std::vector<Shown>& classifiers, const std::string& finding) {
  constexpr PlotFrame kFrame = {240, 232, 32, 10, 10, 36};
  SvgPlot plot(kFrame, unit_axis(4), unit_axis(4));
  plot.axes("mean probability", "");
  plot.segment(plot.x_of(0), plot.y_of(0), plot.x_of(1), plot.y_of(1), "chance");
  std::string key;
  bool any = false;
  for (const Shown& classifier : classifiers) {
    const ClassificationRow* row = classifier.rows->row(finding);
    if (row == nullptr || row->reliability.empty()) continue;
    any = true;
    std::size_t most = 0;
    for (const ReliabilityPoint& bar : row->reliability) most = std::max(most, bar.images);
    std::vector<std::pair<double, std::optional<double>>> points;
    for (const ReliabilityPoint& bar : row->reliability)
      points.emplace_back(bar.mean_probability, bar.positive_share);
    plot.line(points, classifier.colour, true);
    for (const ReliabilityPoint& bar : row->reliability) {
      const double share =
          static_cast<double>(bar.images) / static_cast<double>(std::max<std::size_t>(1, most));
      plot.dot(plot.x_of(bar.mean_probability), plot.y_of(bar.positive_share),
               1.5 + 3.5 * std::sqrt(share), classifier.colour, false);
    }
    key += key_line(classifier, row->scores.get("ece"));
  }
  return any ? panel(finding, plot, "Reliability diagram of ", key) : std::string();
}

std::string counts_cell(const std::vector<Shown>& classifiers, const std::string& finding) {
  for (const Shown& classifier : classifiers)
    if (const ClassificationRow* row = classifier.rows->row(finding))
      return fmt::format("<td>{}</td><td>{}</td>", row->positives, row->negatives);
  return fmt::format("<td>{0}</td><td>{0}</td>", kUndefined);
}

std::string score_cells(const std::vector<Shown>& classifiers, const std::string& finding) {
  std::string html;
  for (const Shown& classifier : classifiers) {
    const ClassificationRow* row = classifier.rows->row(finding);
    const ScoreRow empty;
    const ScoreRow& scores = row == nullptr ? empty : row->scores;
    html += measured_cell(scores.get("auroc"), "first") +
            measured_cell(scores.get("average_precision"));
  }
  return html;
}

std::string table(const std::vector<Shown>& classifiers, const std::vector<std::string>& findings) {
  const bool several = classifiers.size() > 1;
  const char* span = several ? " rowspan=\"2\"" : "";
  std::string html = fmt::format(
      "<table class=\"figures\">\n<thead><tr><th{0}>Finding</th><th{0}>Positive</th><th{0}>Negative"
      "</th>",
      span);
  if (several) {
    for (const Shown& classifier : classifiers)
      html += "<th class=\"group\" colspan=\"2\">" + classifier.label + "</th>";
    html += "</tr>\n<tr>";
  }
  for (std::size_t i = 0; i < classifiers.size(); ++i)
    html += "<th class=\"first\">AUROC</th><th>AP</th>";
  html += "</tr></thead>\n<tbody>\n";
  for (const std::string& finding : findings)
    html += fmt::format("<tr><th>{}</th>{}{}</tr>\n", escaped(readable(finding)),
                        counts_cell(classifiers, finding), score_cells(classifiers, finding));
  html += "<tr class=\"mean\"><th>Mean</th><td></td><td></td>";
  for (const Shown& classifier : classifiers)
    html += measured_cell(classifier.rows->mean.get("auroc"), "first") +
            measured_cell(classifier.rows->mean.get("average_precision"));
  return html + "</tr>\n</tbody></table>\n";
}

struct Decision {
  const char* measure;
  const char* title;
};
constexpr std::array<Decision, 7> kDecisions = {{{"sensitivity", "Sensitivity"},
                                                 {"specificity", "Specificity"},
                                                 {"ppv", "PPV"},
                                                 {"npv", "NPV"},
                                                 {"f1", "F1"},
                                                 {"brier", "Brier score"},
                                                 {"ece", "Calibration error"}}};

std::string decision_cells(const ScoreRow& row) {
  std::string html;
  for (const Decision& decision : kDecisions) html += measured_cell(row.get(decision.measure));
  return html;
}

/// Decisions at the threshold, and how far probabilities are what they say; empty where there are
/// none.
std::string decisions(const Shown& classifier, bool several) {
  const bool any = std::any_of(
      classifier.rows->findings.begin(), classifier.rows->findings.end(), [](const auto& row) {
        return std::any_of(kDecisions.begin(), kDecisions.end(), [&row](const Decision& decision) {
          return row.scores.get(decision.measure).has_value();
        });
      });
  if (!any) return {};
  std::string html = several ? "<h4>" + classifier.label + "</h4>\n" : "";
  std::string body = "<table class=\"figures\">\n<thead><tr><th>Finding</th><th>Threshold</th>";
  for (const Decision& decision : kDecisions) body += fmt::format("<th>{}</th>", decision.title);
  body += "</tr></thead>\n<tbody>\n";
  for (const ClassificationRow& row : classifier.rows->findings)
    body +=
        fmt::format("<tr><th>{}</th><td>{}</td>{}</tr>\n", escaped(readable(row.scores.finding)),
                    short_number(row.threshold), decision_cells(row.scores));
  body += "<tr class=\"mean\"><th>Mean</th><td></td>" + decision_cells(classifier.rows->mean) +
          "</tr>\n</tbody></table>\n";
  return html + scrolling(body);
}

}  // namespace

std::string classification_section(std::span<const ParsedRun> runs) {
  const std::vector<Shown> classifiers = shown(runs);
  const std::vector<std::string> findings = all_findings(classifiers);
  if (findings.empty()) return {};
  std::string html = scrolling(table(classifiers, findings));
  html +=
      "<p class=\"note\">AP: average precision. Images whose label is unknown count in neither "
      "column. Chance is an AUROC "
      "of .5 and an average precision of the share of positives.</p>\n<h3>ROC curves</h3>\n"
      "<div class=\"multiples\">\n";
  for (const std::string& finding : findings) html += roc_panel(classifiers, finding);
  html +=
      "</div>\n<p class=\"note\">Across: false positive rate; up: true positive rate. "
      "Beside each run its AUROC.</p>\n";
  std::string tables;
  for (const Shown& classifier : classifiers)
    tables += decisions(classifier, classifiers.size() > 1);
  if (!tables.empty())
    html += "<h3>Decisions and calibration</h3>\n" + tables +
            "<p class=\"note\">A finding counts as seen from its threshold on. PPV, NPV: positive "
            "and negative predictive value, at this set's share of positives. Brier score: mean "
            "squared error of the probabilities. Calibration error: mean distance between "
            "probability and share of positives over ten bins.</p>\n";
  std::string diagrams;
  for (const std::string& finding : findings) diagrams += reliability_panel(classifiers, finding);
  if (!diagrams.empty())
    html += "<h3>Reliability diagrams</h3>\n<div class=\"multiples\">\n" + diagrams +
            "</div>\n<p class=\"note\">Across: mean probability of the images of a bin; up: share "
            "of positives among them; larger dots hold more images. On the dashed line "
            "probabilities are what they say. Beside each run its calibration error.</p>\n";
  return html;
}

}  // namespace chestmap
