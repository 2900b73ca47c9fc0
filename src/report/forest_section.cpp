#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/html.h"
#include "report/sections.h"
#include "report/svg_plot.h"
#include "report/text.h"

namespace chestmap {

namespace {

struct Panel {
  const char* measure;
  const char* title;
  double left;  ///< pixels of the drawing
};

constexpr double kWidth = 560.0;
constexpr double kPanelWidth = 156.0;
constexpr double kLineHeight = 13.0;
constexpr std::size_t kLabelCharacters = 29;
constexpr std::array<Panel, 2> kPanels = {
    {{"pointing", "Pointing game", 204.0}, {"iou.0.3", "T(IoU) = .3", 394.0}}};

struct Row {
  std::vector<std::string> label;
  const ParsedRun* run = nullptr;      ///< of a method; null of a heading
  const MethodRows* method = nullptr;  ///< null of a heading
  const ScoreRow* scores = nullptr;
};

/// A control sees no image, so that it is the same for every run on the same set: shown once.
bool shown_before(const std::vector<Row>& rows, const MethodRows& method, const ScoreRow& scores) {
  return std::any_of(rows.begin(), rows.end(), [&](const Row& row) {
    return row.method != nullptr && row.method->control && row.method->method == method.method &&
           row.scores->measures == scores.measures;
  });
}

std::vector<Row> rows_of(std::span<const ParsedRun> runs, const std::string& finding) {
  std::vector<Row> rows;
  std::vector<Row> controls;
  for (const ParsedRun& run : runs) {
    bool headed = runs.size() < 2;
    for (const MethodRows& method : run.scores.localization) {
      const ScoreRow* scores = method.row(finding);
      if (scores == nullptr) continue;
      Row row{wrapped(method.method, kLabelCharacters), &run, &method, scores};
      if (method.control) {
        if (!shown_before(controls, method, *scores)) controls.push_back(std::move(row));
        continue;
      }
      if (!headed)
        rows.push_back({wrapped(run.run->name, kLabelCharacters), &run, nullptr, nullptr});
      headed = true;
      rows.push_back(std::move(row));
    }
  }
  if (!controls.empty()) rows.push_back({{"Controls"}, nullptr, nullptr, nullptr});
  rows.insert(rows.end(), controls.begin(), controls.end());
  return rows;
}

double height_of(const Row& row) {
  return kLineHeight * static_cast<double>(std::max<std::size_t>(1, row.label.size())) + 5.0;
}

void draw_value(SvgPlot& plot, const Panel& panel, const Row& row, double y) {
  const std::optional<Measured> measured = row.scores->get(panel.measure);
  const auto x = [&](double value) {
    return panel.left + std::clamp(value, 0.0, 1.0) * kPanelWidth;
  };
  if (!measured) {
    plot.text(panel.left + 4, y + 4, Anchor::start, "tick", kUndefined);
    return;
  }
  const std::string colour = row.method->control ? "#77828f" : row.run->colour;
  if (measured->low && measured->high)
    plot.bar(x(*measured->low), x(*measured->high), y, colour,
             row.method->method + ": " + measured_text(measured));
  const bool fitted_here = !row.method->control && !row.run->scores.oracle.empty();
  if (row.method->uses_boxes || fitted_here)
    plot.diamond(x(measured->value), y, 5, colour);
  else
    plot.dot(x(measured->value), y, 3.2, colour, row.method->control);
}

void draw_row(SvgPlot& plot, const Row& row, double top) {
  double baseline = top + kLineHeight;
  for (const std::string& line : row.label) {
    const bool heading = row.method == nullptr;
    plot.text(heading ? 0 : 8, baseline - 2, Anchor::start, heading ? "label heading" : "label",
              line);
    baseline += kLineHeight;
  }
  if (row.method == nullptr) return;
  for (const Panel& panel : kPanels) draw_value(plot, panel, row, top + height_of(row) / 2 - 1);
}

/// The best that a method reaches without the image.
std::optional<double> best_control(const std::vector<Row>& rows, const Panel& panel) {
  std::optional<double> best;
  for (const Row& row : rows) {
    if (row.method == nullptr || !row.method->control) continue;
    const std::optional<Measured> measured = row.scores->get(panel.measure);
    if (measured) best = std::max(best.value_or(0.0), measured->value);
  }
  return best;
}

void draw_panels(SvgPlot& plot, const std::vector<Row>& rows, double top, double bottom) {
  for (const Panel& panel : kPanels) {
    plot.text(panel.left, top - 8, Anchor::start, "axis-title", panel.title);
    for (const double tick : {0.0, 0.25, 0.5, 0.75, 1.0}) {
      const double x = panel.left + tick * kPanelWidth;
      plot.segment(x, top, x, bottom, "grid");
      if (tick == 0.0 || tick == 0.5 || tick == 1.0)
        plot.text(x, bottom + 14, Anchor::middle, "tick",
                  fmt::format("{:g}", tick).substr(tick == 0.5));
    }
    if (const std::optional<double> control = best_control(rows, panel)) {
      const double x = panel.left + *control * kPanelWidth;
      plot.segment(x, top, x, bottom, "chance");
    }
  }
}

std::string card(std::span<const ParsedRun> runs, const std::string& finding,
                 const std::string& title) {
  const std::vector<Row> rows = rows_of(runs, finding);
  const bool nothing = std::none_of(rows.begin(), rows.end(), [](const Row& row) {
    return row.scores != nullptr && !row.scores->measures.empty();
  });
  if (nothing) return {};
  constexpr double kTop = 24.0;
  double bottom = kTop;
  std::size_t boxes = 0;
  for (const Row& row : rows) {
    bottom += height_of(row);
    if (row.scores != nullptr) boxes = std::max(boxes, row.scores->boxes);
  }
  SvgPlot plot({kWidth, bottom + 20, 0, 0, 0, 0}, {}, {});
  draw_panels(plot, rows, kTop, bottom);
  double y = kTop;
  for (const Row& row : rows) {
    draw_row(plot, row, y);
    y += height_of(row);
  }
  const std::string count = boxes > 0 ? fmt::format(" <small>{} boxes</small>", boxes) : "";
  return fmt::format(
      "<figure class=\"card forest\"><figcaption>{}{}</figcaption>\n<div class=\"scroll\">{}</div>"
      "</figure>\n",
      escaped(title), count, plot.svg("Localization of " + title + ", methods with intervals"));
}

}  // namespace

std::string forest_section(std::span<const ParsedRun> runs) {
  std::vector<std::string> findings;
  for (const ParsedRun& run : runs)
    for (const MethodRows& method : run.scores.localization)
      for (const ScoreRow& row : method.findings)
        if (std::find(findings.begin(), findings.end(), row.finding) == findings.end())
          findings.push_back(row.finding);
  std::string cards;
  for (const std::string& finding : findings) cards += card(runs, finding, readable(finding));
  if (cards.empty()) return {};
  cards += card(runs, "mean", "Mean over findings");
  cards += card(runs, "mean_without_cardiomegaly", "Mean without Cardiomegaly");
  return run_legend(runs) + "<div class=\"forests\">\n" + cards +
         "</div>\n<p class=\"note\">Dot: value; bar: 95% interval; hollow: a control, which never "
         "sees the image; dashed line: the best control; diamond: something of it was picked "
         "or fitted on the boxes or images that it is scored on.</p>\n";
}

}  // namespace chestmap
