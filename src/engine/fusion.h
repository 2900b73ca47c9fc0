#pragma once

#include <string>
#include <vector>

#include "engine/network.h"
#include "graph/graph.h"

namespace chestmap::engine {

/// The graph's operations as few layers: what no output of `outputs` needs is left out; batch
/// normalisations, ReLUs and sums are done by the convolution that gives what they read, a
/// normalisation with ReLU in front of a 1x1 convolution by that convolution as it reads;
/// concatenations cost nothing, since their parts are written in their place; equal input channels
/// are read as one. Layers are ordered so that what is small is computed as soon as it can be,
/// which frees what it reads.
///
/// The graph's constants are moved from. Throws UserError naming the layer that the engine cannot
/// run.
[[nodiscard]] Network fused(Graph graph, const std::vector<std::string>& outputs);

}  // namespace chestmap::engine
