#include "engine/schedule.h"

#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

namespace chestmap::engine {

namespace {

/// For each tensor the layers that write it or a part of it.
std::vector<std::set<std::size_t>> writers_of(const Network& network) {
  std::vector<std::set<std::size_t>> writers(network.tensors.size());
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    std::optional<std::size_t> tensor = network.layers[l].output;
    while (tensor) {
      writers[*tensor].insert(l);
      tensor = network.tensors[*tensor].parent;
    }
  }
  return writers;
}

/// 0 for what goes first.
int urgency(const Network& network, const Layer& layer) {
  constexpr std::size_t kShare = 4;
  return network.tensors[layer.output].floats() * kShare <=
                 network.tensors[layer.inputs[0]].floats()
             ? 0
             : 1;
}

}  // namespace

std::vector<std::size_t> schedule(const Network& network) {
  const std::vector<std::set<std::size_t>> writers = writers_of(network);
  const std::size_t count = network.layers.size();
  std::vector<std::size_t> waiting(count);  // for so many others
  std::vector<std::vector<std::size_t>> followers(count);
  std::set<std::pair<int, std::size_t>> ready;
  const auto make_ready = [&](std::size_t l) {
    ready.emplace(urgency(network, network.layers[l]), l);
  };
  for (std::size_t l = 0; l < count; ++l) {
    std::set<std::size_t> before;
    for (const std::size_t input : network.layers[l].inputs)
      before.insert(writers[input].begin(), writers[input].end());
    waiting[l] = before.size();
    for (const std::size_t other : before) followers[other].push_back(l);
    if (before.empty()) make_ready(l);
  }
  std::vector<std::size_t> order;
  while (!ready.empty()) {
    const std::size_t next = ready.extract(ready.begin()).value().second;
    order.push_back(next);
    for (const std::size_t follower : followers[next])
      if (--waiting[follower] == 0) make_ready(follower);
  }
  if (order.size() < count) throw std::logic_error("layers of a network wait for each other");
  return order;
}

}  // namespace chestmap::engine
