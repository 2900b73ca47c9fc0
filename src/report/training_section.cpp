#include <algorithm>
#include <array>

#include "report/html.h"
#include "report/sections.h"
#include "report/svg_plot.h"
#include "report/text.h"

namespace chestmap {

namespace {

using Points = std::vector<std::pair<double, std::optional<double>>>;
using Field = std::optional<double> EpochLog::*;

constexpr PlotFrame kFrame = {520, 270, 48, 14, 24, 40};

Points points_of(const ParsedRun& run, Field field) {
  Points points;
  for (const EpochLog& epoch : run.log)
    points.emplace_back(static_cast<double>(epoch.epoch), epoch.*field);
  return points;
}

Axis epoch_axis(std::span<const ParsedRun> runs) {
  double last = 1.0;
  for (const ParsedRun& run : runs)
    for (const EpochLog& epoch : run.log) last = std::max(last, static_cast<double>(epoch.epoch));
  if (last <= 1.0) return {0.0, 2.0, {1.0}};
  Axis axis = nice_axis(1.0, last, 8, 1.0);
  axis.low = 1.0;
  axis.high = last;
  std::erase_if(axis.ticks, [&](double tick) { return tick < axis.low || tick > axis.high; });
  return axis;
}

/// Null where no run has a value of any of the fields.
std::optional<Axis> value_axis(std::span<const ParsedRun> runs, std::span<const Field> fields) {
  std::vector<double> values;
  for (const ParsedRun& run : runs)
    for (const EpochLog& epoch : run.log)
      for (const Field field : fields)
        if (epoch.*field) values.push_back(*(epoch.*field));
  if (values.empty()) return std::nullopt;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return nice_axis(*least, *most, 5);
}

std::string loss_chart(std::span<const ParsedRun> runs) {
  constexpr std::array<Field, 2> kFields = {&EpochLog::train_loss, &EpochLog::valid_loss};
  const std::optional<Axis> axis = value_axis(runs, kFields);
  if (!axis) return {};
  SvgPlot plot(kFrame, epoch_axis(runs), *axis);
  plot.axes("epoch", "loss");
  for (const ParsedRun& run : runs) {
    plot.line(points_of(run, &EpochLog::train_loss), run.colour, true);
    plot.line(points_of(run, &EpochLog::valid_loss), run.colour, false);
  }
  return "<figure class=\"card\"><figcaption>Loss <span class=\"key\"><i class=\"solid\"></i>"
         "validation</span> <span class=\"key\"><i class=\"dashed\"></i>training</span>"
         "</figcaption>\n" +
         plot.svg("Training and validation loss by epoch") + "</figure>\n";
}

std::string auroc_chart(std::span<const ParsedRun> runs) {
  constexpr std::array<Field, 1> kFields = {&EpochLog::valid_auroc};
  const std::optional<Axis> axis = value_axis(runs, kFields);
  if (!axis) return {};
  SvgPlot plot(kFrame, epoch_axis(runs), *axis);
  plot.axes("epoch", "mean AUROC");
  for (const ParsedRun& run : runs) {
    plot.line(points_of(run, &EpochLog::valid_auroc), run.colour, false);
    for (const EpochLog& epoch : run.log)
      if (epoch.epoch == run.best_epoch && epoch.valid_auroc)
        plot.dot(plot.x_of(static_cast<double>(epoch.epoch)), plot.y_of(*epoch.valid_auroc), 4.5,
                 run.colour, true);
  }
  return "<figure class=\"card\"><figcaption>Mean AUROC, validation <span class=\"key\"><i "
         "class=\"ring\"></i>best epoch</span></figcaption>\n" +
         plot.svg("Mean validation AUROC by epoch") + "</figure>\n";
}

}  // namespace

std::string training_section(std::span<const ParsedRun> runs) {
  const std::string charts = loss_chart(runs) + auroc_chart(runs);
  if (charts.empty()) return {};
  return run_legend(runs) + "<div class=\"pair\">\n" + charts +
         "</div>\n<p class=\"note\">Losses compare only between runs of the same loss "
         "settings.</p>\n";
}

}  // namespace chestmap
