#pragma once

#include <map>
#include <string>

#include "graph/localizer_graph.h"

namespace chestmap {

/// What an exported file says of itself, for programs: each entry of the model's own metadata
/// (weights/model_spec.h) under its name, and what the export adds: "outputs" (their names, in
/// order), "exported_by", "precision", "attention_resolution", "layer_relevance" (by finding, one
/// weight a stage), "grids" (where the cells of the stage maps lie, in pixels of the input). Texts
/// are texts; all else is JSON.
[[nodiscard]] std::map<std::string, std::string> localizer_metadata(
    const LocalizerGraph& localizer);

/// The same for people, in a few lines.
[[nodiscard]] std::string localizer_description(const LocalizerGraph& localizer);

}  // namespace chestmap
