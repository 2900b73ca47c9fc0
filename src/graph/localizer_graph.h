#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "geometry/grid.h"
#include "graph/graph.h"
#include "weights/model_spec.h"

namespace chestmap {

struct LocalizerGraphOptions {
  std::int64_t resolution = 0;  ///< side of the attention map in cells; 0: the model's input size
  /// half: the backbone and the pyramid are computed in half precision; what goes in and out, the
  /// class maps, the pooling and the attention map stay in single.
  Precision precision = Precision::single;
};

/// A whole model as a graph. In: "image", N x 1 x S x S grey in [0, 1]. Out, for C findings:
/// "logits" and "probabilities" N x C, calibrated where the model is; "attention_map" N x C x R x
/// R, sum_s alpha_s^c Up(M_s^c) at the centres of R x R cells that tile the input
/// (localize/attention.h); "stage_map_1" ... M_s^c, N x C x H_s x W_s, of the stages that the model
/// uses, by their number in the backbone. The maps are in the model's own logits, which no
/// calibration changes.
struct LocalizerGraph {
  ModelSpec spec;
  Graph graph;
  std::vector<std::vector<double>> relevance;  ///< alpha, [finding][stage]; rows sum to 1
  std::vector<Grid> grids;                     ///< of the stages used
  std::int64_t resolution = 0;                 ///< of the attention map
  Precision precision = Precision::single;
};

/// Reads a model.safetensors. Throws UserError where it is no chestmap model, where tensors are
/// missing, misshapen or unexpected, and, naming the layer, where it has something that no graph
/// can be made of.
[[nodiscard]] LocalizerGraph localizer_graph(const std::filesystem::path& model,
                                             const LocalizerGraphOptions& options);

}  // namespace chestmap
