#include <cmath>

#include "base/error.h"
#include "graph/head_graph.h"

namespace chestmap {

namespace {

/// m + log(mean(exp(r (cells - m)))) / r with m the largest: nothing overflows.
Value log_sum_exp(GraphBuilder& graph, const Value& maps, float r, const std::string& name) {
  const Value peak = graph.over_map("GlobalMaxPool", maps, name + ".peak");
  const Value below =
      graph.combine("Sub", maps, graph.spread(peak, maps.width, name + ".spread"), name + ".below");
  const Value powers =
      graph.apply("Exp", graph.combine("Mul", below, std::vector<float>{r}, name + ".sharpened"),
                  name + ".exp");
  const Value mean = graph.over_map("GlobalAveragePool", powers, name + ".mean");
  const Value rise = graph.combine("Div", graph.apply("Log", mean, name + ".log"),
                                   std::vector<float>{r}, name + ".rise");
  return graph.combine("Add", peak, rise, name);
}

/// sum(w m) / sum(w) with w = sigmoid(m) over the largest of them, from logarithms: on a dark map
/// every sigmoid vanishes in single precision.
Value probabilistic(GraphBuilder& graph, const Value& maps, const std::string& name) {
  const Value minus = graph.apply("Neg", maps, name + ".minus");
  const Value log_sigmoid =
      graph.apply("Neg", graph.apply("Softplus", minus, name + ".softplus"), name + ".log_sigmoid");
  const Value peak = graph.over_map("GlobalMaxPool", log_sigmoid, name + ".peak");
  const Value below = graph.combine(
      "Sub", log_sigmoid, graph.spread(peak, maps.width, name + ".spread"), name + ".below");
  const Value weights = graph.apply("Exp", below, name + ".weights");
  const Value weighted = graph.combine("Mul", weights, maps, name + ".weighted");
  return graph.combine("Div", graph.over_map("GlobalAveragePool", weighted, name + ".sum"),
                       graph.over_map("GlobalAveragePool", weights, name + ".weight"), name);
}

}  // namespace

Value pooled(GraphBuilder& graph, const ModelSpec& spec, const Value& maps,
             const std::string& name) {
  if (spec.pooling == "average") return graph.over_map("GlobalAveragePool", maps, name);
  if (spec.pooling == "max") return graph.over_map("GlobalMaxPool", maps, name);
  if (spec.pooling == "lse") return log_sum_exp(graph, maps, static_cast<float>(spec.lse_r), name);
  if (spec.pooling == "pcam") return probabilistic(graph, maps, name);
  throw UserError("head: its pooling \"" + spec.pooling + "\" cannot be exported",
                  "known: average, max, lse, pcam");
}

}  // namespace chestmap
