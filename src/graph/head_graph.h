#pragma once

#include <span>
#include <string>
#include <vector>

#include "graph/builder.h"
#include "weights/model_spec.h"
#include "weights/stage_shapes.h"

namespace chestmap {

/// nn/pooling.h: each map of logits becomes one logit. Throws UserError for an unknown pooling.
[[nodiscard]] Value pooled(GraphBuilder& graph, const ModelSpec& spec, const Value& maps,
                           const std::string& name);

/// weights/calibration.h: the findings' probabilities from `logits`, N x C x 1 x 1.
[[nodiscard]] Value probabilities(GraphBuilder& graph, const ModelSpec& spec, const Value& logits);

/// nn/pyramid.h: top-down sums over the stages.
[[nodiscard]] std::vector<Value> pyramid_stages(GraphBuilder& graph,
                                                std::span<const StageShape> shapes,
                                                const std::vector<Value>& features);

/// nn/multiscale_head.h.
struct HeadGraph {
  std::vector<Value> stage_maps;
  std::vector<std::vector<double>> relevance;  ///< alpha, [finding][stage]
  Value logits;                                ///< N x C x 1 x 1
  Value attention_map;                         ///< N x C x R x R
};
/// `features` are those of the stages used; the attention map is of `resolution` x `resolution`
/// cells over an input of `spec.input_size`.
[[nodiscard]] HeadGraph head_graph(GraphBuilder& graph, const ModelSpec& spec,
                                   std::span<const StageShape> shapes,
                                   const std::vector<Value>& features, std::int64_t resolution);

}  // namespace chestmap
