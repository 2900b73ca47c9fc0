#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "image/image.h"
#include "localize/backend.h"

namespace chestmap {

/// One image and what maps of it are made of. Gradients are computed when a map first asks for
/// them; those of the finding that was asked for last are kept, so that all maps of one finding,
/// made one after another, share them. Back end, image and inference must outlive it.
class MapSource {
 public:
  /// `image` is the square input, `inference` the model's on it.
  MapSource(Backend& backend, const ImageF& image, const Inference& inference)
      : backend_(backend), image_(image), inference_(inference) {}

  [[nodiscard]] const Backend& backend() const noexcept { return backend_; }
  [[nodiscard]] const Inference& inference() const noexcept { return inference_; }
  /// The input's side in pixels, the unit of the grids.
  [[nodiscard]] double input_size() const noexcept { return static_cast<double>(image_.width()); }
  /// As `Differentiated` says.
  [[nodiscard]] const std::vector<FeatureMaps>& features();
  [[nodiscard]] const std::vector<FeatureMaps>& gradients(std::size_t finding);

 private:
  [[nodiscard]] Differentiated& differentiated();

  Backend& backend_;
  const ImageF& image_;
  const Inference& inference_;
  std::unique_ptr<Differentiated> differentiated_;
  std::optional<std::size_t> finding_;  // of the gradients
  std::vector<FeatureMaps> gradients_;
};

}  // namespace chestmap
