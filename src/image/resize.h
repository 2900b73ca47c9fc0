#pragma once

#include <cstddef>

#include "image/image.h"

namespace chestmap {

/// How an image is resampled. Output pixel i, with its centre at i + 0.5, has its centre at
/// (i + 0.5) * input / output in the input's frame; both images cover the same frame. The filters
/// are separable and normalised to a sum of one; what falls outside the frame takes no part. When
/// an axis shrinks, `linear` and `lanczos` are stretched by the factor, so that nothing aliases.
enum class Resampling {
  /// The exact mean over the output pixel's footprint, parts of pixels weighted by their area.
  area,
  /// Triangle of half-width 1.
  linear,
  /// sinc(x) sinc(x / 3) for |x| < 3; may overshoot the range of the input.
  lanczos,
};

/// `image` resampled to `width` x `height`, each at least 1; `image` must not be empty.
[[nodiscard]] ImageF resized(const ImageF& image, std::size_t width, std::size_t height,
                             Resampling resampling = Resampling::area);
/// The same of 8-bit samples by area mean, as values in [0, 1]: 255 is 1.
[[nodiscard]] ImageF resized(const Image8& image, std::size_t width, std::size_t height);
/// 8-bit samples as values in [0, 1].
[[nodiscard]] ImageF in_unit_range(const Image8& image);

}  // namespace chestmap
