#pragma once

#include <string>
#include <vector>

#include "graph/builder.h"
#include "weights/stage_shapes.h"

namespace chestmap {

/// The stages that the backbone's class in `nn` gives, shallow to deep, for `images` of normalised
/// grey. A kind of backbone stands in the file of its name.
[[nodiscard]] std::vector<Value> densenet_stages(GraphBuilder& graph, const DenseNetShape& shape,
                                                 const Value& images);
[[nodiscard]] std::vector<Value> resnet_stages(GraphBuilder& graph, const ResNetShape& shape,
                                               const Value& images);

}  // namespace chestmap
