#pragma once

#include <filesystem>

#include "engine/network.h"
#include "graph/localizer_graph.h"

namespace chestmap {

/// A model as the engine runs it; its outputs are the logits, then a stage map for each stage used.
struct LocalizerNetwork {
  ModelSpec spec;
  std::vector<std::vector<double>> relevance;  ///< as LocalizerGraph's
  std::vector<Grid> grids;
  engine::Network network;
};

/// Reads a model.safetensors. Throws UserError as localizer_graph does, and where the engine cannot
/// run one of the model's layers, naming it.
[[nodiscard]] LocalizerNetwork localizer_network(const std::filesystem::path& model);

}  // namespace chestmap
