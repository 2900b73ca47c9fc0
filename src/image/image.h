#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace chestmap {

/// A two-dimensional image, row-major, one value a pixel. Pixel (x, y) covers [x, x+1) x [y, y+1)
/// of the image frame, x right, y down.
template <typename T>
class Image {
 public:
  Image() = default;
  Image(std::size_t width, std::size_t height, T fill = T{})
      : width_(width), height_(height), pixels_(width * height, fill) {}

  [[nodiscard]] std::size_t width() const noexcept { return width_; }
  [[nodiscard]] std::size_t height() const noexcept { return height_; }
  [[nodiscard]] bool empty() const noexcept { return pixels_.empty(); }
  [[nodiscard]] T& at(std::size_t x, std::size_t y) noexcept {
    assert(x < width_ && y < height_);
    return pixels_[y * width_ + x];
  }
  [[nodiscard]] const T& at(std::size_t x, std::size_t y) const noexcept {
    assert(x < width_ && y < height_);
    return pixels_[y * width_ + x];
  }
  [[nodiscard]] std::span<T> pixels() noexcept { return pixels_; }
  [[nodiscard]] std::span<const T> pixels() const noexcept { return pixels_; }
  friend bool operator==(const Image&, const Image&) = default;

 private:
  std::size_t width_ = 0;
  std::size_t height_ = 0;
  std::vector<T> pixels_;
};

using ImageF = Image<float>;
using Image8 = Image<std::uint8_t>;
using Image16 = Image<std::uint16_t>;

/// Colour with 8 bits a channel.
struct Rgb {
  std::uint8_t r = 0;
  std::uint8_t g = 0;
  std::uint8_t b = 0;
  friend bool operator==(const Rgb&, const Rgb&) = default;
};
using ImageRgb = Image<Rgb>;

}  // namespace chestmap
