#include "image/legend.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace chestmap {

namespace {

/// Steps of 1, 2 or 5 times a power of ten, about five of them.
std::vector<double> ticks(const ColorScale& scale) {
  const double rough = (scale.high - scale.low) / 5.0;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10.0 * power;
  for (const double factor : {5.0, 2.0, 1.0})
    if (factor * power >= rough * 0.999) step = factor * power;
  std::vector<double> values;
  const double first = std::ceil(scale.low / step - 1e-9);
  const double last = std::floor(scale.high / step + 1e-9);
  const auto count = static_cast<int>(last - first) + 1;
  for (int i = 0; i < count; ++i) {
    const double multiple = first + i;
    values.push_back(multiple == 0.0 ? 0.0 : multiple * step);
  }
  return values;
}

std::string number(double value) { return fmt::format("{:.3g}", value); }

/// Goes down the panel, one entry after the other.
class Panel {
 public:
  Panel(Canvas& canvas, const Overlay& overlay, const OverlayStyle& style, double left,
        double height)
      : canvas_(canvas),
        overlay_(overlay),
        style_(style),
        left_(left + style.font),
        width_(style.panel_width - 2.0 * style.font),
        height_(height),
        y_(style.font) {}

  void draw() {
    title();
    key();
    notice();
    if (!overlay_.map.empty()) color_bar();
  }

 private:
  void title() {
    std::string name = overlay_.finding;
    std::replace(name.begin(), name.end(), '_', ' ');
    Canvas::Font font{1.5 * style_.font, true};
    const double wide = canvas_.text_width(name, font);
    if (wide > width_) font.size *= width_ / wide;
    y_ += 1.2 * style_.font;
    canvas_.text(left_, y_, name, font, OverlayStyle::kText);
    if (overlay_.probability)
      plain(1.7, fmt::format("probability {:.2f}", *overlay_.probability), OverlayStyle::kText);
    y_ += style_.font;
  }

  void plain(double advance, const std::string& text, Rgb color, double indent = 0.0) {
    y_ += advance * style_.font;
    Canvas::Font font{style_.font, false};
    const double wide = canvas_.text_width(text, font);
    const double room = width_ - indent;
    if (wide > room) font.size *= room / wide;
    canvas_.text(left_ + indent, y_, text, font, color);
  }

  void key() {
    if (!overlay_.predicted.empty())
      line_entry("predicted box", OverlayStyle::kPredicted, style_.line, Canvas::Line::solid);
    if (!overlay_.truth.empty())
      line_entry("reference box", OverlayStyle::kTruth, style_.line, Canvas::Line::dashed);
    if (overlay_.map.empty()) return;
    if (overlay_.contour)
      line_entry("map = " + number(*overlay_.contour), OverlayStyle::kContour, 0.7 * style_.line,
                 Canvas::Line::solid);
    if (overlay_.threshold) {
      plain(1.8, "shown from " + number(*overlay_.threshold), OverlayStyle::kText, indent());
      marker(left_ + 0.5 * indent() + 0.1 * style_.font, y_ - 0.35 * style_.font);
    }
  }

  [[nodiscard]] double indent() const { return 2.6 * style_.font; }

  void line_entry(const std::string& text, Rgb color, double thickness, Canvas::Line line) {
    plain(1.8, text, OverlayStyle::kText, indent());
    const double middle = y_ - 0.35 * style_.font;
    canvas_.begin_path();
    canvas_.add_lines(std::array{Point{left_, middle}, Point{left_ + 1.9 * style_.font, middle}},
                      false);
    canvas_.stroke_path(color, thickness, 1.0, line);
  }

  /// A triangle whose tip, at (x, y), points to the right.
  void marker(double x, double y) {
    const double size = 0.45 * style_.font;
    canvas_.fill_triangle(x, y, x - 1.4 * size, y - size, x - 1.4 * size, y + size,
                          OverlayStyle::kText);
  }

  void notice() {
    canvas_.text(left_, height_ - style_.font, "Research use only", {style_.font, true},
                 OverlayStyle::kWarning);
  }

  void color_bar() {
    plain(2.6, overlay_.scale_title, OverlayStyle::kFaint);
    // On whole pixels, so that its rows meet without seams.
    const double top = std::round(y_ + style_.font);
    const double bottom = std::round(height_ - 3.2 * style_.font);
    const double bar_left = left_ + 1.2 * style_.font;
    const double bar_width = 1.6 * style_.font;
    const ColorScale& scale = overlay_.scale;
    const auto height_of = [&](double value) {
      return bottom - (value - scale.low) / (scale.high - scale.low) * (bottom - top);
    };
    const auto rows = static_cast<int>(bottom - top);
    for (int row = 0; row < rows; ++row) {
      const double value = scale.high - (row + 0.5) / rows * (scale.high - scale.low);
      const bool drawn = !overlay_.threshold || value >= *overlay_.threshold;
      canvas_.fill_rectangle(bar_left, top + row, bar_width, 1.0,
                             drawn ? map_color(value, scale) : Rgb{44, 48, 54});
    }
    canvas_.stroke_rectangle(bar_left, top, bar_width, bottom - top, OverlayStyle::kFaint, 1.0);
    for (const double value : ticks(scale)) tick(bar_left + bar_width, height_of(value), value);
    if (overlay_.contour && within(*overlay_.contour)) {
      canvas_.begin_path();
      const double y = height_of(*overlay_.contour);
      canvas_.add_lines(std::array{Point{bar_left, y}, Point{bar_left + bar_width, y}}, false);
      canvas_.stroke_path(OverlayStyle::kContour, 0.7 * style_.line);
    }
    if (overlay_.threshold && within(*overlay_.threshold))
      marker(bar_left - 0.25 * style_.font, height_of(*overlay_.threshold));
  }

  [[nodiscard]] bool within(double value) const {
    return value >= overlay_.scale.low && value <= overlay_.scale.high;
  }

  void tick(double x, double y, double value) {
    canvas_.begin_path();
    canvas_.add_lines(std::array{Point{x, y}, Point{x + 0.4 * style_.font, y}}, false);
    canvas_.stroke_path(OverlayStyle::kFaint, 1.0);
    canvas_.text(x + 0.8 * style_.font, y + 0.36 * style_.font, number(value), {style_.font, false},
                 OverlayStyle::kText);
  }

  Canvas& canvas_;
  const Overlay& overlay_;
  const OverlayStyle& style_;
  double left_;
  double width_;
  double height_;
  double y_;
};

}  // namespace

double legend_height(const OverlayStyle& style) { return 27.0 * style.font; }

void draw_legend(Canvas& canvas, const Overlay& overlay, const OverlayStyle& style, double left,
                 double height) {
  Panel(canvas, overlay, style, left, height).draw();
}

}  // namespace chestmap
