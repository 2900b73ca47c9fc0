#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "image/image.h"

namespace chestmap {

/// Watches which numbers the convolutions of a model multiply, for `--engine int8`.
class InputRangeObserver {
 public:
  /// `model`: model.safetensors. `threads` 0 takes every core. Throws UserError as
  /// localizer_network does.
  InputRangeObserver(const std::filesystem::path& model, std::int64_t threads);

  /// Runs the model, in single precision, on the square input `image`.
  void see(const ImageF& image);

  /// The largest number that each convolution multiplied, after normalisation, ReLU and average
  /// pooling in front of it, by the layer's name. Those that read the image itself, or saw numbers
  /// below 0, are left out.
  [[nodiscard]] std::map<std::string, double> largest() const;

 private:
  struct Range {
    float smallest = 0.0F;
    float largest = 0.0F;
  };

  engine::Engine engine_;
  std::vector<Range> ranges_;  // one a layer
};

}  // namespace chestmap
