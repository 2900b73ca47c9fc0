#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "localize/backend.h"

namespace chestmap {

/// Name of the map that a model classifies by, the first in `map_methods()`: "multiscale attention
/// map", or "class activation map" where it has a single stage.
[[nodiscard]] const char* own_map_name(const ModelSpec& spec) noexcept;

/// A way to make maps of every finding from one model's weights. A new one takes one line in
/// map_methods.cpp.
struct MapMethod {
  std::string name;
  /// The maps of `image` (the square input) at `resolution`, one a finding; `inference` is the
  /// model's on it.
  std::function<std::vector<ImageF>(Backend& backend, const ImageF& image,
                                    const Inference& inference, std::size_t resolution)>
      maps;
};

/// Those that make sense for the model: with a single stage the last stage is the attention map,
/// and so is uniform relevance.
[[nodiscard]] std::vector<MapMethod> map_methods(const Backend& backend);

}  // namespace chestmap
