#pragma once

#include <functional>
#include <string>
#include <vector>

#include "localize/backend.h"
#include "localize/map_source.h"

namespace chestmap {

/// Name of the map that a model classifies by, the first in `map_methods()`: "multiscale attention
/// map", or "class activation map" where it has a single stage.
[[nodiscard]] const char* own_map_name(const ModelSpec& spec) noexcept;

/// A way to make maps from one model's weights. A new one takes one line in map_methods.cpp.
struct MapMethod {
  std::string name;
  /// The map of a finding at `resolution` x `resolution` cells over the input.
  std::function<ImageF(MapSource& source, std::size_t finding, std::size_t resolution)> map;
  bool of_gradients = false;  ///< whether it needs `MapSource::gradients`
};

/// The model's own map, then the baselines (docs/method.md says what each is): other weights of the
/// same class activation maps, and maps made of gradients. Those that make sense for the model:
/// with a single stage the last stage is the own map, and so are uniform relevance and the finest
/// stage's point scores.
[[nodiscard]] std::vector<MapMethod> map_methods(const Backend& backend);

}  // namespace chestmap
