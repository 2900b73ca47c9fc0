#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace chestmap {

/// Leaves elements unset that a container would set to zero.
template <typename T>
struct UnsetAllocator : std::allocator<T> {
  template <typename U>
  struct rebind {
    using other = UnsetAllocator<U>;
  };
  template <typename U, typename... Arguments>
  void construct(U* place, Arguments&&... arguments) {
    if constexpr (sizeof...(arguments) == 0)
      ::new (static_cast<void*>(place)) U;
    else
      ::new (static_cast<void*>(place)) U(std::forward<Arguments>(arguments)...);
  }
};

struct ImageSize {
  std::size_t width = 0;
  std::size_t height = 0;
  friend bool operator==(const ImageSize&, const ImageSize&) = default;
};

/// A two-dimensional image, row-major, one value a pixel. Pixel (x, y) covers [x, x+1) x [y, y+1)
/// of the image frame, x right, y down.
template <typename T>
class Image {
 public:
  Image() = default;
  Image(std::size_t width, std::size_t height, T fill = T{})
      : width_(width), height_(height), pixels_(width * height, fill) {}

  /// For whoever sets every pixel: filling a large image takes as long as making it.
  [[nodiscard]] static Image unset(std::size_t width, std::size_t height) {
    Image image;
    image.width_ = width;
    image.height_ = height;
    image.pixels_.resize(width * height);
    return image;
  }

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
  std::vector<T, UnsetAllocator<T>> pixels_;
};

template <typename T>
[[nodiscard]] ImageSize size_of(const Image<T>& image) noexcept {
  return {image.width(), image.height()};
}

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
