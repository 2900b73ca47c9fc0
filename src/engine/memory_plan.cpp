#include "engine/memory_plan.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace chestmap::engine {

namespace {

constexpr std::size_t kLine = 64 / sizeof(float);

/// Floats of a piece of memory, from its start, and the layers during which they are needed.
struct Part {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t first = 0;
  std::size_t last = 0;
};

bool meet(const Part& a, const Part& b) {
  return a.begin < a.end && b.begin < b.end && a.first <= b.last && b.first <= a.last;
}

/// A piece of memory and the layers during which it is needed: as many floats as its first layer
/// touches from `first` on, the others from `grows` on. A dense block fills its tensor layer by
/// layer, and what it reads first may lie where the later ones write.
struct Piece {
  std::size_t size = 0;
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t early = 0;  // floats
  std::size_t grows = 0;
  std::size_t start = 0;

  [[nodiscard]] std::array<Part, 2> parts() const {
    return {{{0, early, first, last}, {early, size, grows, last}}};
  }
};

/// Starts at which one part would lie over another.
struct Forbidden {
  std::size_t from = 0;
  std::size_t to = 0;  // the first one behind
};

/// The lowest start at which no part lies over one of `placed`, whose places are from the start of
/// the memory, while both are needed.
std::size_t lowest_start(const std::array<Part, 2>& parts, std::span<const Part> placed) {
  std::vector<Forbidden> forbidden;
  for (const Part& other : placed)
    for (const Part& part : parts)
      if (meet(part, other) && other.end > part.begin)
        forbidden.push_back(
            {other.begin + 1 > part.end ? other.begin + 1 - part.end : 0, other.end - part.begin});
  std::sort(forbidden.begin(), forbidden.end(),
            [](const Forbidden& a, const Forbidden& b) { return a.from < b.from; });
  std::size_t start = 0;
  for (const Forbidden& starts : forbidden)
    if (start >= starts.from) start = std::max(start, starts.to);
  return start;
}

/// Largest first, each at the lowest place that is free while it is needed. Gives what is used.
std::size_t place(std::vector<Piece>& pieces) {
  std::vector<std::size_t> order(pieces.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return pieces[a].size > pieces[b].size; });
  std::vector<Part> placed;
  std::size_t end = 0;
  for (const std::size_t p : order) {
    Piece& piece = pieces[p];
    if (piece.size == 0) continue;
    piece.start = lowest_start(piece.parts(), placed);
    end = std::max(end, piece.start + piece.size);
    for (Part part : piece.parts()) {
      part.begin += piece.start;
      part.end += piece.start;
      placed.push_back(part);
    }
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
  // One piece a root, then one a workspace.
  std::vector<Piece> pieces(tensors + layers);
  const auto need = [&](std::size_t t, std::size_t at) {  // layer by layer
    Piece& piece = pieces[root[t]];
    const std::size_t end = offset[t] + whole_lines(network.tensors[t].floats());
    if (piece.size == 0) {
      piece.size = whole_lines(network.tensors[root[t]].floats());
      piece.first = at;
      piece.grows = layers;
    }
    if (piece.first == at)
      piece.early = std::max(piece.early, end);
    else if (end > piece.early)
      piece.grows = std::min(piece.grows, at);
    piece.last = at;
  };
  need(network.input, 0);
  for (std::size_t l = 0; l < layers; ++l) {
    for (const std::size_t input : network.layers[l].inputs) need(input, l);
    need(network.layers[l].output, l);
    const std::size_t workspace = whole_lines(workspaces[l]);
    pieces[tensors + l] = {workspace, l, l, workspace, l, 0};
  }
  pieces[root[network.input]].last = layers;
  for (const auto& [name, output] : network.outputs) {
    Piece& piece = pieces[root[output]];
    piece.first = 0;
    piece.last = layers;
    piece.early = piece.size;
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
