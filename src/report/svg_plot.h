#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chestmap {

/// The extent of an axis and where its marks stand.
struct Axis {
  double low = 0.0;
  double high = 1.0;
  std::vector<double> ticks;
};

/// From 0 to 1 with marks at quarters or halves.
[[nodiscard]] Axis unit_axis(std::size_t steps);
/// Holds [low, high]; its ends and marks are multiples of 1, 2 or 5 times a power of ten, at least
/// `least_step` apart, and about `count` of them.
[[nodiscard]] Axis nice_axis(double low, double high, std::size_t count, double least_step = 0.0);

/// Sides in pixels of the drawing, and what the labels take of them.
struct PlotFrame {
  double width = 0.0;
  double height = 0.0;
  double left = 0.0;
  double right = 0.0;
  double top = 0.0;
  double bottom = 0.0;
};

enum class Anchor { start, middle, end };

/// A chart as an SVG element that scales with the width of the page. Text that is passed is
/// escaped here; colours and classes are the program's own.
class SvgPlot {
 public:
  SvgPlot(const PlotFrame& frame, Axis x, Axis y);

  /// Pixels of a value on the axes.
  [[nodiscard]] double x_of(double value) const;
  [[nodiscard]] double y_of(double value) const;

  /// Grid lines, numbers and titles (may be empty) of both axes.
  void axes(std::string_view x_title, std::string_view y_title);

  /// A line through the points, in values; a null y breaks it, and a point between two breaks is a
  /// dot.
  void line(const std::vector<std::pair<double, std::optional<double>>>& points,
            std::string_view colour, bool dashed);

  // In pixels.
  void segment(double x1, double y1, double x2, double y2, std::string_view css_class);
  void dot(double x, double y, double radius, std::string_view colour, bool hollow);
  void diamond(double x, double y, double radius, std::string_view colour);
  void text(double x, double y, Anchor anchor, std::string_view css_class, std::string_view text);
  /// An interval's bar, with `title` shown where the pointer rests.
  void bar(double x1, double x2, double y, std::string_view colour, std::string_view title);

  /// The element; `label` says what it shows to those who cannot see it.
  [[nodiscard]] std::string svg(std::string_view label) const;

 private:
  PlotFrame frame_;
  Axis x_;
  Axis y_;
  std::string body_;
};

}  // namespace chestmap
