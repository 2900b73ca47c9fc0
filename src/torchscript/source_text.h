#pragma once

#include <map>
#include <string>

#include "graph/graph.h"

namespace chestmap {

/// A graph as the text of a TorchScript method.
struct TorchScriptSource {
  std::string text;  ///< "def forward(self, ...):" giving the outputs as a tuple, in their order
  /// By the constant's name in the graph: the attribute of `self` that the text calls it by.
  std::map<std::string, std::string> attributes;
};

/// Of graphs in single precision.
[[nodiscard]] TorchScriptSource torchscript_source(const Graph& graph);

}  // namespace chestmap
