#include "engine/memory_plan.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace chestmap::engine {

namespace {

constexpr std::size_t kLine = 64 / sizeof(float);

/// A piece of memory and the layers during which it is needed.
struct Piece {
  std::size_t size = 0;
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t start = 0;
};

bool meet(const Piece& a, const Piece& b) { return a.first <= b.last && b.first <= a.last; }

/// Largest first, each at the lowest place that is free while it is needed. Gives what is used.
std::size_t place(std::vector<Piece>& pieces) {
  std::vector<std::size_t> order(pieces.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return pieces[a].size > pieces[b].size; });
  std::vector<std::size_t> placed;  // by their starts
  std::size_t end = 0;
  for (const std::size_t p : order) {
    Piece& piece = pieces[p];
    if (piece.size == 0) continue;
    for (const std::size_t other : placed) {
      if (!meet(piece, pieces[other])) continue;
      if (piece.start + piece.size <= pieces[other].start) break;
      piece.start = std::max(piece.start, pieces[other].start + pieces[other].size);
    }
    end = std::max(end, piece.start + piece.size);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), p,
                                   [&](std::size_t a, std::size_t b) {
                                     return pieces[a].start < pieces[b].start;
                                   }),
                  p);
  }
  return end;
}

std::size_t whole_lines(std::size_t floats) { return (floats + kLine - 1) / kLine * kLine; }

}  // namespace

MemoryPlan plan_memory(const Network& network, std::span<const std::size_t> workspaces) {
  const std::size_t tensors = network.tensors.size();
  const std::size_t layers = network.layers.size();
  std::vector<std::size_t> root(tensors);  // whose memory the tensor lies in
  std::vector<std::size_t> offset(tensors, 0);
  for (std::size_t t = 0; t < tensors; ++t) {
    root[t] = t;
    while (const auto parent = network.tensors[root[t]].parent) {
      const Tensor& part = network.tensors[root[t]];
      offset[t] += static_cast<std::size_t>(part.offset / kBlock * part.stride());
      root[t] = *parent;
    }
  }
  // One piece a root, then one a workspace. `first` starts beyond the end: not needed at all.
  std::vector<Piece> pieces(tensors + layers);
  for (std::size_t t = 0; t < tensors; ++t) pieces[t].first = layers;
  const auto need = [&](std::size_t t, std::size_t at) {
    Piece& piece = pieces[root[t]];
    piece.size = whole_lines(network.tensors[root[t]].floats());
    piece.first = std::min(piece.first, at);
    piece.last = std::max(piece.last, at);
  };
  need(network.input, 0);
  for (std::size_t l = 0; l < layers; ++l) {
    for (const std::size_t input : network.layers[l].inputs) need(input, l);
    need(network.layers[l].output, l);
    pieces[tensors + l] = {whole_lines(workspaces[l]), l, l, 0};
  }
  pieces[root[network.input]].last = layers;
  for (const auto& [name, output] : network.outputs) {
    pieces[root[output]].first = 0;
    pieces[root[output]].last = layers;
  }
  for (std::size_t l = 0; l < layers; ++l) {
    const Layer& layer = network.layers[l];
    const auto* convolution = std::get_if<Convolution>(&layer.operation);
    if (convolution == nullptr || !convolution->adds) continue;
    const std::size_t added = root[layer.inputs[1]];
    const std::size_t written = root[layer.output];
    const bool whole =
        !network.tensors[layer.inputs[1]].parent && !network.tensors[layer.output].parent;
    const bool same_place = whole && root[layer.inputs[0]] != added && pieces[added].last == l &&
                            pieces[written].first == l;
    if (!same_place) continue;
    pieces[added].last = pieces[written].last;
    pieces[written].size = 0;
    for (std::size_t& r : root)
      if (r == written) r = added;
  }
  MemoryPlan plan;
  plan.size = place(pieces);
  for (std::size_t t = 0; t < tensors; ++t)
    plan.tensors.push_back(pieces[root[t]].start + offset[t]);
  for (std::size_t l = 0; l < layers; ++l) plan.workspaces.push_back(pieces[tensors + l].start);
  return plan;
}

}  // namespace chestmap::engine
