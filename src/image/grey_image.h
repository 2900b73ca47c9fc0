#pragma once

#include <cstddef>
#include <variant>

#include "image/image.h"

namespace chestmap {

/// A radiograph as it was decoded: 8-bit samples, of which 255 is 1, or values in [0, 1]. Samples
/// take a quarter of the memory of values, and are resized in less time than turned into these.
using GreyImage = std::variant<Image8, ImageF>;

[[nodiscard]] ImageSize size_of(const GreyImage& image) noexcept;

/// In [0, 1].
[[nodiscard]] ImageF values_of(GreyImage image);

/// `image` by area mean, in [0, 1]; each side at least 1, `image` must not be empty.
[[nodiscard]] ImageF resized(const GreyImage& image, std::size_t width, std::size_t height);

}  // namespace chestmap
