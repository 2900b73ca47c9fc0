#include "report/svg_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/text.h"

namespace chestmap {

namespace {

std::string_view anchor_name(Anchor anchor) {
  switch (anchor) {
    case Anchor::start:
      return "start";
    case Anchor::middle:
      return "middle";
    case Anchor::end:
      return "end";
  }
  return "start";
}

std::string tick_text(double value) {
  const std::string text = fmt::format("{:.6g}", value);
  return text.starts_with("0.") ? text.substr(1) : text;
}

}  // namespace

Axis unit_axis(std::size_t steps) {
  Axis axis;
  for (std::size_t i = 0; i <= steps; ++i)
    axis.ticks.push_back(static_cast<double>(i) / static_cast<double>(steps));
  return axis;
}

Axis nice_axis(double low, double high, std::size_t count, double least_step) {
  const double extent = high > low ? high - low : std::max(std::abs(low) * 0.1, 1e-6);
  const double rough = extent / static_cast<double>(std::max<std::size_t>(1, count));
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = power * 10.0;
  for (const double factor : {5.0, 2.0, 1.0})
    if (power * factor >= rough * 0.999) step = power * factor;
  step = std::max(step, least_step);
  const auto first = static_cast<long>(std::floor(low / step + 1e-9));
  auto last = static_cast<long>(std::ceil(high / step - 1e-9));
  last = std::max(last, first + 1);
  Axis axis{static_cast<double>(first) * step, static_cast<double>(last) * step, {}};
  for (long i = first; i <= last; ++i) axis.ticks.push_back(static_cast<double>(i) * step);
  return axis;
}

SvgPlot::SvgPlot(const PlotFrame& frame, Axis x, Axis y)
    : frame_(frame), x_(std::move(x)), y_(std::move(y)) {}

double SvgPlot::x_of(double value) const {
  const double inner = frame_.width - frame_.left - frame_.right;
  return frame_.left + (value - x_.low) / (x_.high - x_.low) * inner;
}

double SvgPlot::y_of(double value) const {
  const double inner = frame_.height - frame_.top - frame_.bottom;
  return frame_.height - frame_.bottom - (value - y_.low) / (y_.high - y_.low) * inner;
}

void SvgPlot::axes(std::string_view x_title, std::string_view y_title) {
  const double bottom = frame_.height - frame_.bottom;
  const double right = frame_.width - frame_.right;
  for (const double tick : x_.ticks) {
    segment(x_of(tick), frame_.top, x_of(tick), bottom, "grid");
    text(x_of(tick), bottom + 15, Anchor::middle, "tick", tick_text(tick));
  }
  for (const double tick : y_.ticks) {
    segment(frame_.left, y_of(tick), right, y_of(tick), "grid");
    text(frame_.left - 6, y_of(tick) + 4, Anchor::end, "tick", tick_text(tick));
  }
  segment(frame_.left, bottom, right, bottom, "axis");
  segment(frame_.left, frame_.top, frame_.left, bottom, "axis");
  if (!x_title.empty())
    text((frame_.left + right) / 2, bottom + 31, Anchor::middle, "axis-title", x_title);
  if (!y_title.empty()) text(frame_.left - 6, frame_.top - 9, Anchor::start, "axis-title", y_title);
}

void SvgPlot::line(const std::vector<std::pair<double, std::optional<double>>>& points,
                   std::string_view colour, bool dashed) {
  std::size_t at = 0;
  while (at < points.size()) {
    std::string path;
    std::size_t count = 0;
    for (; at < points.size() && points[at].second; ++at, ++count)
      path += fmt::format("{}{:.1f},{:.1f}", count == 0 ? "" : " ", x_of(points[at].first),
                          y_of(*points[at].second));
    if (count == 1)
      dot(x_of(points[at - 1].first), y_of(*points[at - 1].second), 3, colour, dashed);
    else if (count > 1)
      body_ += fmt::format("<polyline class=\"line{}\" stroke=\"{}\" points=\"{}\"/>\n",
                           dashed ? " dashed" : "", colour, path);
    if (at < points.size()) ++at;
  }
}

void SvgPlot::segment(double x1, double y1, double x2, double y2, std::string_view css_class) {
  body_ += fmt::format("<path class=\"{}\" d=\"M{:.1f},{:.1f}L{:.1f},{:.1f}\"/>\n", css_class, x1,
                       y1, x2, y2);
}

void SvgPlot::dot(double x, double y, double radius, std::string_view colour, bool hollow) {
  body_ += fmt::format(
      "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" fill=\"{}\" stroke=\"{}\" "
      "stroke-width=\"1.5\"/>\n",
      x, y, radius, hollow ? "#fff" : colour, colour);
}

void SvgPlot::diamond(double x, double y, double radius, std::string_view colour) {
  body_ += fmt::format(
      "<polygon points=\"{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}\" fill=\"{}\"/>\n",
      x, y - radius, x + radius, y, x, y + radius, x - radius, y, colour);
}

void SvgPlot::text(double x, double y, Anchor anchor, std::string_view css_class,
                   std::string_view text) {
  body_ +=
      fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n",
                  css_class, x, y, anchor_name(anchor), escaped(text));
}

void SvgPlot::bar(double x1, double x2, double y, std::string_view colour, std::string_view title) {
  body_ += fmt::format(
      "<path class=\"interval\" stroke=\"{}\" d=\"M{:.1f},{:.1f}H{:.1f}\"><title>{}</title></path>"
      "\n",
      colour, x1, y, x2, escaped(title));
}

std::string SvgPlot::svg(std::string_view label) const {
  return fmt::format(
      "<svg viewBox=\"0 0 {:.0f} {:.0f}\" style=\"max-width:{:.0f}px\" role=\"img\" "
      "aria-label=\"{}\">\n{}</svg>\n",
      frame_.width, frame_.height, frame_.width, escaped(label), body_);
}

}  // namespace chestmap
