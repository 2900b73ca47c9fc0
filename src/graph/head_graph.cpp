#include "graph/head_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "weights/map_grids.h"

namespace chestmap {

namespace {

using Sides = std::vector<std::int64_t>;
using Relevance = std::vector<std::vector<double>>;

/// alpha = softmax over stages of the stored logits; one row for all findings where shared.
Relevance relevance_of(GraphBuilder& graph, const ModelSpec& spec) {
  const std::size_t findings = spec.findings.size();
  const std::size_t stages = spec.stages.size();
  const bool shared = spec.relevance == "shared";
  const std::vector<float> logits = graph.values(
      "head.relevance",
      Sides{shared ? 1 : static_cast<std::int64_t>(findings), static_cast<std::int64_t>(stages)});
  if (spec.relevance == "evidence") graph.leave("head.evidence");
  Relevance alpha(findings, std::vector<double>(stages));
  for (std::size_t f = 0; f < findings; ++f) {
    const float* row = logits.data() + (shared ? 0 : f * stages);
    const auto largest = static_cast<double>(*std::max_element(row, row + stages));
    double sum = 0.0;
    for (std::size_t s = 0; s < stages; ++s)
      sum += alpha[f][s] = std::exp(static_cast<double>(row[s]) - largest);
    for (double& weight : alpha[f]) weight /= sum;
  }
  return alpha;
}

std::vector<float> of_stage(const Relevance& relevance, std::size_t stage) {
  std::vector<float> weights;
  for (const std::vector<double>& row : relevance)
    weights.push_back(static_cast<float>(row[stage]));
  return weights;
}

/// A column of a matrix with a row for each finding.
std::vector<float> column(const std::vector<float>& matrix, std::size_t columns, std::size_t at) {
  std::vector<float> values;
  for (std::size_t i = at; i < matrix.size(); i += columns) values.push_back(matrix[i]);
  return values;
}

std::vector<Value> stage_maps(GraphBuilder& graph, const ModelSpec& spec,
                              const std::vector<Value>& features) {
  const auto findings = static_cast<std::int64_t>(spec.findings.size());
  const std::size_t stages = features.size();
  const Sides sides = {findings, static_cast<std::int64_t>(stages)};
  std::vector<float> gain;
  std::vector<float> bias;
  if (spec.normalise_maps) {
    gain = graph.values("head.gain", sides);
    for (float& logarithm : gain) logarithm = std::exp(logarithm);
    bias = graph.values("head.bias", sides);
  }
  std::vector<Value> maps;
  for (std::size_t s = 0; s < stages; ++s) {
    const std::string number = std::to_string(spec.stages[s]);
    Value map =
        graph.convolution(graph.cast(features[s], Precision::single), "head.classifier" + number,
                          {.out = findings, .bias = !spec.normalise_maps});
    // norm(M) gain + bias
    if (spec.normalise_maps)
      map = graph.batch_norm(map, "head.norm" + number, column(gain, stages, s),
                             column(bias, stages, s));
    maps.push_back(std::move(map));
  }
  return maps;
}

/// sum_s alpha_s Up(M_s) at the points of `at` on both axes, transposed.
Value attention_transposed(GraphBuilder& graph, std::span<const StageShape> shapes,
                           const std::vector<Value>& maps, const Relevance& relevance,
                           const std::vector<double>& at, const std::string& name) {
  Value sum;
  for (std::size_t s = 0; s < maps.size(); ++s) {
    const std::string part = name + ".part" + std::to_string(s + 1);
    const Value weighted =
        graph.combine("Mul", maps[s], of_stage(relevance, s), part + ".weighted");
    const PlaneGrid grid{shapes[s].grid, shapes[s].grid};
    const Value up = graph.resampled_transposed(weighted, grid, at, part);
    sum = s == 0 ? up : graph.combine("Add", sum, up, name + ".sum" + std::to_string(s + 1));
  }
  return sum;
}

/// The same with each finding's maps on grids of their own: finding by finding, joined at the end.
Value aligned_attention_transposed(GraphBuilder& graph, const ModelSpec& spec,
                                   std::span<const StageShape> shapes,
                                   const std::vector<Value>& maps, const Relevance& relevance,
                                   const std::vector<double>& at, const std::string& name) {
  std::vector<Grid> geometric;
  geometric.reserve(shapes.size());
  for (const StageShape& shape : shapes) geometric.push_back(shape.grid);
  std::vector<Value> findings;
  for (std::size_t f = 0; f < relevance.size(); ++f) {
    const std::vector<PlaneGrid> grids = aligned_grids(spec, geometric, f);
    Value sum;
    for (std::size_t s = 0; s < maps.size(); ++s) {
      const std::string part = fmt::format("{}.finding{}.part{}", name, f + 1, s + 1);
      std::vector<float> choice(relevance.size());
      choice[f] = static_cast<float>(relevance[f][s]);
      const Value weighted = graph.linear(maps[s], std::move(choice), {0.0F}, part + ".weighted");
      const Value up = graph.resampled_transposed(weighted, grids[s], at, part);
      sum = s == 0 ? up : graph.combine("Add", sum, up, part + ".sum");
    }
    findings.push_back(std::move(sum));
  }
  return findings.size() == 1 ? findings.front() : graph.concat(findings, name);
}

/// sum_s alpha_s pool(M_s)
Value joined_scores(GraphBuilder& graph, const ModelSpec& spec, const std::vector<Value>& maps,
                    const Relevance& relevance) {
  Value sum;
  for (std::size_t s = 0; s < maps.size(); ++s) {
    const std::string number = std::to_string(spec.stages[s]);
    const Value score = pooled(graph, spec, maps[s], "head.score" + number);
    const std::string part = "head.joined" + number;
    const Value weighted = graph.combine("Mul", score, of_stage(relevance, s), part + ".weighted");
    sum = s == 0 ? weighted : graph.combine("Add", sum, weighted, part);
  }
  return sum;
}

}  // namespace

HeadGraph head_graph(GraphBuilder& graph, const ModelSpec& spec, std::span<const StageShape> shapes,
                     const std::vector<Value>& features, std::int64_t resolution) {
  HeadGraph head;
  head.relevance = relevance_of(graph, spec);
  head.stage_maps = stage_maps(graph, spec, features);
  if (spec.fusion == "scores") {
    head.logits = joined_scores(graph, spec, head.stage_maps, head.relevance);
  } else if (spec.fusion == "maps") {
    const auto cells = static_cast<std::size_t>(head.stage_maps.front().width);
    const Value joined = attention_transposed(graph, shapes, head.stage_maps, head.relevance,
                                              shapes.front().grid.centres(cells), "head.joined");
    head.logits = pooled(graph, spec, joined, "head.score");  // which no transposition changes
  } else {
    throw UserError("head: its fusion \"" + spec.fusion + "\" cannot be exported",
                    "known: scores, maps");
  }
  const std::vector<double> at =
      even_centres(static_cast<std::size_t>(resolution), static_cast<double>(spec.input_size));
  const Value map = spec.alignment
                        ? aligned_attention_transposed(graph, spec, shapes, head.stage_maps,
                                                       head.relevance, at, "head.attention_turned")
                        : attention_transposed(graph, shapes, head.stage_maps, head.relevance, at,
                                               "head.attention_turned");
  head.attention_map = graph.transposed(map, "head.attention");
  return head;
}

}  // namespace chestmap
