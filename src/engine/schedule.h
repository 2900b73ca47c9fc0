#pragma once

#include <cstddef>
#include <vector>

#include "engine/network.h"

namespace chestmap::engine {

/// An order of the network's layers in which each comes after those whose results it reads. Where
/// there is a choice, a layer that gives at most a quarter of what it reads comes first, then the
/// one that was first before.
[[nodiscard]] std::vector<std::size_t> schedule(const Network& network);

}  // namespace chestmap::engine
