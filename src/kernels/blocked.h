#pragma once

#include <cstddef>
#include <memory>

namespace chestmap::kernels {

/// Channels of a block. A blocked tensor (nChw16c) keeps, for each image and each block of 16
/// channels, a plane of height x width pixels in row-major order, each pixel 16 consecutive floats.
/// Channels that fill up the last block are zero.
inline constexpr std::size_t lanes = 16;

[[nodiscard]] constexpr std::size_t blocks(std::size_t channels) noexcept {
  return (channels + lanes - 1) / lanes;
}
[[nodiscard]] constexpr std::size_t padded(std::size_t channels) noexcept {
  return blocks(channels) * lanes;
}

/// Where a blocked tensor lies: floats from an image to the next and from a block of channels to
/// the next, so that a layer may read the first blocks of a wider buffer and write behind them.
/// Strides that are multiples of 4096 bytes are slow: they map all blocks onto the same lines of
/// the caches.
struct Source {
  const float* data = nullptr;
  std::size_t image_stride = 0;
  std::size_t block_stride = 0;
};
struct Sink {
  float* data = nullptr;
  std::size_t image_stride = 0;
  std::size_t block_stride = 0;
};

/// Images and their size in pixels.
struct Extent {
  std::size_t batch = 1;
  std::size_t height = 0;
  std::size_t width = 0;
  [[nodiscard]] std::size_t pixels() const noexcept { return height * width; }
  [[nodiscard]] friend bool operator==(const Extent&, const Extent&) = default;
};

/// Zeroed floats, aligned to a line of the cache. Many of them lie side by side on huge pages of
/// the system, which come zeroed: a model's weights would otherwise be filled with zeros page by
/// page before they are written.
class AlignedFloats {
 public:
  AlignedFloats() = default;
  /// Throws `std::bad_alloc`.
  explicit AlignedFloats(std::size_t size);

  [[nodiscard]] float* data() noexcept { return memory_.get(); }
  [[nodiscard]] const float* data() const noexcept { return memory_.get(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  std::shared_ptr<float[]> memory_;
  std::size_t size_ = 0;
};

}  // namespace chestmap::kernels
