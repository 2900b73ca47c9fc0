#include "image/grey_image.h"

#include <utility>

#include "image/resize.h"

namespace chestmap {

ImageSize size_of(const GreyImage& image) noexcept {
  const auto* samples = std::get_if<Image8>(&image);
  return samples != nullptr ? size_of(*samples) : size_of(*std::get_if<ImageF>(&image));
}

ImageF values_of(GreyImage image) {
  if (const auto* samples = std::get_if<Image8>(&image)) return in_unit_range(*samples);
  return std::get<ImageF>(std::move(image));
}

ImageF resized(const GreyImage& image, std::size_t width, std::size_t height) {
  return std::visit([&](const auto& pixels) { return resized(pixels, width, height); }, image);
}

}  // namespace chestmap
