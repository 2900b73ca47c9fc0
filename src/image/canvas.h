#pragma once

#include <cairo.h>

#include <span>
#include <string>

#include "geometry/point.h"
#include "image/image.h"

namespace chestmap {

/// A drawing surface of 8-bit colour, with the few strokes that overlays are made of. Text that is
/// no valid UTF-8 has its foreign bytes replaced. Only .cpp files of this layer include this
/// header.
class Canvas {
 public:
  enum class Line { solid, dashed };
  struct Font {
    double size = 12.0;
    bool bold = false;
  };

  /// Filled with `background`.
  Canvas(std::size_t width, std::size_t height, Rgb background);
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;
  ~Canvas();

  /// `image` with its top left corner at the canvas's; pixels are copied, not blended.
  void paste(const ImageRgb& image);
  void fill_rectangle(double x, double y, double width, double height, Rgb color,
                      double opacity = 1.0);
  void stroke_rectangle(double x, double y, double width, double height, Rgb color,
                        double thickness, Line line = Line::solid, double opacity = 1.0);
  void fill_triangle(double x0, double y0, double x1, double y1, double x2, double y2, Rgb color);
  /// The lines since `begin_path` are drawn at once, so that their joints do not darken; they stay
  /// for another stroke until the next path or shape begins.
  void begin_path();
  /// From point to point, and back to the first where they are closed.
  void add_lines(std::span<const Point> points, bool closed);
  void stroke_path(Rgb color, double thickness, double opacity = 1.0, Line line = Line::solid);
  /// With the baseline's left end at (x, y).
  void text(double x, double y, const std::string& text, Font font, Rgb color);
  [[nodiscard]] double text_width(const std::string& text, Font font);
  /// What is drawn is kept inside of this rectangle until `end_clip`.
  void begin_clip(double x, double y, double width, double height);
  void end_clip();

  [[nodiscard]] ImageRgb image();

 private:
  void set_color(Rgb color, double opacity = 1.0);
  void set_font(Font font);
  void set_line(Line line, double thickness);

  cairo_surface_t* surface_;
  cairo_t* cairo_;
};

}  // namespace chestmap
