#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/network.h"

namespace chestmap::engine {

/// Where everything lies in one block of memory, in floats from its start; all on lines of the
/// cache. What is not needed at the same time may lie in the same place.
struct MemoryPlan {
  std::vector<std::size_t> tensors;     ///< one a tensor of the network
  std::vector<std::size_t> workspaces;  ///< one a layer
  std::size_t size = 0;
};

/// `workspaces`: floats that each layer needs for itself while it runs. A convolution that adds a
/// tensor that nothing reads later writes over it. The network's input and outputs share their
/// place with nothing.
[[nodiscard]] MemoryPlan plan_memory(const Network& network,
                                     std::span<const std::size_t> workspaces);

}  // namespace chestmap::engine
