#include "image/canvas.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace chestmap {

namespace {

/// Bytes of the character that begins at `at`, or 0 where no valid one does.
std::size_t utf8_length(const std::string& text, std::size_t at) {
  const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  const std::size_t length = lead < 0x80                    ? 1
                             : lead >= 0xc2 && lead <= 0xdf ? 2
                             : lead >= 0xe0 && lead <= 0xef ? 3
                             : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                            : 0;
  if (length == 0 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(at + i) & 0xc0U) != 0x80U) return 0;
  const bool overlong =
      (lead == 0xe0 && byte(at + 1) < 0xa0) || (lead == 0xf0 && byte(at + 1) < 0x90);
  const bool beyond =
      (lead == 0xed && byte(at + 1) > 0x9f) || (lead == 0xf4 && byte(at + 1) > 0x8f);
  return overlong || beyond ? 0 : length;
}

/// cairo refuses everything after one text that is no UTF-8.
std::string valid_utf8(const std::string& text) {
  std::string valid;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = text[at] == '\0' ? 0 : utf8_length(text, at);
    if (length == 0)
      valid += '?';
    else
      valid.append(text, at, length);
    at += length == 0 ? 1 : length;
  }
  return valid;
}

}  // namespace

Canvas::Canvas(std::size_t width, std::size_t height, Rgb background)
    : surface_(cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width),
                                          static_cast<int>(height))),
      cairo_(cairo_create(surface_)) {
  if (cairo_status(cairo_) != CAIRO_STATUS_SUCCESS) {
    const std::string reason = cairo_status_to_string(cairo_status(cairo_));
    cairo_destroy(cairo_);
    cairo_surface_destroy(surface_);
    throw std::runtime_error("cannot make a drawing surface: " + reason);
  }
  set_color(background);
  cairo_paint(cairo_);
}

Canvas::~Canvas() {
  cairo_destroy(cairo_);
  cairo_surface_destroy(surface_);
}

void Canvas::paste(const ImageRgb& image) {
  cairo_surface_flush(surface_);
  unsigned char* data = cairo_image_surface_get_data(surface_);
  const auto stride = static_cast<std::size_t>(cairo_image_surface_get_stride(surface_));
  for (std::size_t y = 0; y < image.height(); ++y)
    for (std::size_t x = 0; x < image.width(); ++x) {
      const Rgb& pixel = image.at(x, y);
      const std::uint32_t word =
          std::uint32_t{pixel.r} << 16U | std::uint32_t{pixel.g} << 8U | std::uint32_t{pixel.b};
      std::memcpy(data + y * stride + 4 * x, &word, sizeof word);
    }
  cairo_surface_mark_dirty(surface_);
}

void Canvas::fill_rectangle(double x, double y, double width, double height, Rgb color,
                            double opacity) {
  set_color(color, opacity);
  cairo_new_path(cairo_);
  cairo_rectangle(cairo_, x, y, width, height);
  cairo_fill(cairo_);
}

void Canvas::stroke_rectangle(double x, double y, double width, double height, Rgb color,
                              double thickness, Line line, double opacity) {
  set_color(color, opacity);
  set_line(line, thickness);
  cairo_new_path(cairo_);
  cairo_rectangle(cairo_, x, y, width, height);
  cairo_stroke(cairo_);
}

void Canvas::fill_triangle(double x0, double y0, double x1, double y1, double x2, double y2,
                           Rgb color) {
  set_color(color);
  cairo_new_path(cairo_);
  cairo_move_to(cairo_, x0, y0);
  cairo_line_to(cairo_, x1, y1);
  cairo_line_to(cairo_, x2, y2);
  cairo_close_path(cairo_);
  cairo_fill(cairo_);
}

void Canvas::begin_path() { cairo_new_path(cairo_); }

void Canvas::add_lines(std::span<const Point> points, bool closed) {
  cairo_new_sub_path(cairo_);
  for (const Point& point : points) cairo_line_to(cairo_, point.x, point.y);
  if (closed) cairo_close_path(cairo_);
}

void Canvas::stroke_path(Rgb color, double thickness, double opacity, Line line) {
  set_color(color, opacity);
  set_line(line, thickness);
  cairo_set_line_join(cairo_, CAIRO_LINE_JOIN_ROUND);
  cairo_stroke_preserve(cairo_);
}

void Canvas::text(double x, double y, const std::string& text, Font font, Rgb color) {
  set_color(color);
  set_font(font);
  cairo_new_path(cairo_);
  cairo_move_to(cairo_, x, y);
  cairo_show_text(cairo_, valid_utf8(text).c_str());
}

double Canvas::text_width(const std::string& text, Font font) {
  set_font(font);
  cairo_text_extents_t extents;
  cairo_text_extents(cairo_, valid_utf8(text).c_str(), &extents);
  return extents.x_advance;
}

void Canvas::begin_clip(double x, double y, double width, double height) {
  cairo_save(cairo_);
  cairo_rectangle(cairo_, x, y, width, height);
  cairo_clip(cairo_);
}

void Canvas::end_clip() { cairo_restore(cairo_); }

ImageRgb Canvas::image() {
  if (cairo_status(cairo_) != CAIRO_STATUS_SUCCESS)
    throw std::runtime_error(std::string("drawing failed: ") +
                             cairo_status_to_string(cairo_status(cairo_)));
  cairo_surface_flush(surface_);
  const unsigned char* data = cairo_image_surface_get_data(surface_);
  const auto stride = static_cast<std::size_t>(cairo_image_surface_get_stride(surface_));
  ImageRgb result(static_cast<std::size_t>(cairo_image_surface_get_width(surface_)),
                  static_cast<std::size_t>(cairo_image_surface_get_height(surface_)));
  for (std::size_t y = 0; y < result.height(); ++y)
    for (std::size_t x = 0; x < result.width(); ++x) {
      std::uint32_t word = 0;
      std::memcpy(&word, data + y * stride + 4 * x, sizeof word);
      result.at(x, y) = {static_cast<std::uint8_t>(word >> 16U & 0xffU),
                         static_cast<std::uint8_t>(word >> 8U & 0xffU),
                         static_cast<std::uint8_t>(word & 0xffU)};
    }
  return result;
}

void Canvas::set_color(Rgb color, double opacity) {
  cairo_set_source_rgba(cairo_, color.r / 255.0, color.g / 255.0, color.b / 255.0, opacity);
}

void Canvas::set_font(Font font) {
  cairo_select_font_face(cairo_, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                         font.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(cairo_, font.size);
}

void Canvas::set_line(Line line, double thickness) {
  cairo_set_line_width(cairo_, thickness);
  cairo_set_line_join(cairo_, CAIRO_LINE_JOIN_MITER);
  cairo_set_line_cap(cairo_, line == Line::solid ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
  const std::array dashes{4.0 * thickness, 3.0 * thickness};
  cairo_set_dash(cairo_, dashes.data(), line == Line::solid ? 0 : 2, 0.0);
}

}  // namespace chestmap
