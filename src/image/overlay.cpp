#include "image/overlay.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "image/canvas.h"
#include "image/contour.h"
#include "image/legend.h"
#include "image/overlay_style.h"
#include "image/resize.h"

namespace chestmap {

namespace {

/// Of a value in [0, 255]; `lround` would be a call for each.
std::uint8_t nearest(double value) {
  const double half_more = value + 0.5;
  return static_cast<std::uint8_t>(static_cast<int>(half_more));
}

std::uint8_t byte(double value) { return nearest(255.0 * std::clamp(value, 0.0, 1.0)); }

std::uint8_t blended(std::uint8_t under, std::uint8_t over, double opacity) {
  return nearest(under + opacity * (over - under));
}

ImageRgb with_map(const Image8& grey, const ImageF& map, const Overlay& overlay) {
  ImageRgb result(grey.width(), grey.height());
  const double opacity = std::clamp(overlay.opacity, 0.0, 1.0);
  for (std::size_t i = 0; i < result.pixels().size(); ++i) {
    const std::uint8_t level = grey.pixels()[i];
    Rgb& pixel = result.pixels()[i];
    pixel = {level, level, level};
    if (map.empty()) continue;
    const double value = map.pixels()[i];
    if (std::isnan(value) || (overlay.threshold && value < *overlay.threshold)) continue;
    const Rgb color = map_color(value, overlay.scale);
    pixel = {blended(level, color.r, opacity), blended(level, color.g, opacity),
             blended(level, color.b, opacity)};
  }
  return result;
}

void draw_contour(Canvas& canvas, const ImageF& map, double level, const OverlayStyle& style) {
  canvas.begin_path();
  for (const Polyline& line : contour(map, static_cast<float>(level)))
    canvas.add_lines(line.points, line.closed);
  canvas.stroke_path(OverlayStyle::kShade, 1.8 * style.line, 0.55);
  canvas.stroke_path(OverlayStyle::kContour, 0.7 * style.line);
}

/// Draws boxes of one kind, scaled from the overlay's frame to the drawn radiograph.
class BoxPen {
 public:
  BoxPen(Canvas& canvas, const OverlayStyle& style, double sx, double sy, double width)
      : canvas_(canvas), style_(style), sx_(sx), sy_(sy), width_(width) {}

  void draw(const OverlayBox& item, Rgb color, Canvas::Line line) {
    const Box box = crisp(scaled(item.box, sx_, sy_));
    canvas_.stroke_rectangle(box.x, box.y, box.width, box.height, OverlayStyle::kShade,
                             2.0 * style_.line, Canvas::Line::solid, 0.5);
    canvas_.stroke_rectangle(box.x, box.y, box.width, box.height, color, style_.line, line);
  }

  /// Above the box's left corner, or below its bottom for `under`; moved inside the picture where
  /// there is no room.
  void tag(const OverlayBox& item, Rgb color, bool under, double height) {
    if (item.label.empty()) return;
    const Box box = scaled(item.box, sx_, sy_);
    const Canvas::Font font{style_.font, true};
    const double tag_width = canvas_.text_width(item.label, font) + 0.8 * font.size;
    const double tag_height = 1.4 * font.size;
    const double gap = style_.line;
    double y = under ? box.bottom() + gap : box.y - tag_height - gap;
    if (y < 0.0) y = box.y + gap;
    if (y + tag_height > height) y = box.bottom() - tag_height - gap;
    const double x = std::max(0.0, std::min(box.x, width_ - tag_width));
    canvas_.fill_rectangle(x, y, tag_width, tag_height, OverlayStyle::kShade, 0.65);
    canvas_.text(x + 0.4 * font.size, y + 1.05 * font.size, item.label, font, color);
  }

 private:
  /// Sides through the nearest pixel centres, where a thin line does not blur.
  static Box crisp(const Box& box) {
    const auto centre = [](double at) { return std::floor(at) + 0.5; };
    const double x = centre(box.x);
    const double y = centre(box.y);
    return {x, y, centre(box.right()) - x, centre(box.bottom()) - y};
  }

  Canvas& canvas_;
  const OverlayStyle& style_;
  double sx_;
  double sy_;
  double width_;
};

void draw_boxes(Canvas& canvas, const Overlay& overlay, const OverlayStyle& style,
                const Backdrop& backdrop) {
  const auto or_else = [](double given, std::size_t own) {
    return given > 0.0 ? given : static_cast<double>(own);
  };
  const auto width = static_cast<double>(backdrop.grey.width());
  const auto height = static_cast<double>(backdrop.grey.height());
  BoxPen pen(canvas, style, width / or_else(overlay.frame_width, backdrop.radiograph.width),
             height / or_else(overlay.frame_height, backdrop.radiograph.height), width);
  for (const OverlayBox& box : overlay.truth)
    pen.draw(box, OverlayStyle::kTruth, Canvas::Line::dashed);
  for (const OverlayBox& box : overlay.predicted)
    pen.draw(box, OverlayStyle::kPredicted, Canvas::Line::solid);
  for (const OverlayBox& box : overlay.truth) pen.tag(box, OverlayStyle::kTruth, true, height);
  for (const OverlayBox& box : overlay.predicted)
    pen.tag(box, OverlayStyle::kPredicted, false, height);
}

}  // namespace

Backdrop::Backdrop(const GreyImage& image, std::size_t longer_side)
    : side(longer_side), radiograph(size_of(image)) {
  const std::size_t longer = std::max(radiograph.width, radiograph.height);
  if (longer == 0 || side == 0)
    throw std::invalid_argument("a backdrop needs a radiograph and a side");
  const auto to = [&](std::size_t length) {
    return std::max<std::size_t>(1, (length * side + longer / 2) / longer);
  };
  const std::size_t width = to(radiograph.width);
  const std::size_t height = to(radiograph.height);
  // Lanczos keeps an enlarged radiograph crisp; its overshoot is cut.
  const ImageF drawn = side > longer ? resized(values_of(image), width, height, Resampling::lanczos)
                                     : resized(image, width, height);
  grey = Image8::unset(drawn.width(), drawn.height());
  std::transform(drawn.pixels().begin(), drawn.pixels().end(), grey.pixels().begin(), byte);
}

ImageRgb draw_overlay(const Backdrop& backdrop, const Overlay& overlay) {
  if (!(overlay.scale.low < overlay.scale.high))
    throw std::invalid_argument("an overlay needs a scale with low < high");
  const OverlayStyle style(backdrop.side);
  const Image8& grey = backdrop.grey;
  const ImageF map = overlay.map.empty()
                         ? ImageF()
                         : resized(overlay.map, grey.width(), grey.height(), Resampling::linear);
  const auto panel_width = static_cast<std::size_t>(std::lround(style.panel_width));
  const auto panel_height = static_cast<std::size_t>(std::lround(legend_height(style)));
  const std::size_t height = std::max(grey.height(), panel_height);
  Canvas canvas(grey.width() + panel_width, height, OverlayStyle::kPanel);
  canvas.paste(with_map(grey, map, overlay));
  canvas.begin_clip(0.0, 0.0, static_cast<double>(grey.width()),
                    static_cast<double>(grey.height()));
  if (!map.empty() && overlay.contour) draw_contour(canvas, map, *overlay.contour, style);
  draw_boxes(canvas, overlay, style, backdrop);
  canvas.end_clip();
  draw_legend(canvas, overlay, style, static_cast<double>(grey.width()),
              static_cast<double>(height));
  return canvas.image();
}

void load_overlay_fonts() {
  Canvas canvas(1, 1, {});
  for (const bool bold : {false, true}) (void)canvas.text_width("0", {12.0, bold});
}

}  // namespace chestmap
