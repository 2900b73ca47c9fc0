#pragma once

#include <cstdint>

#include "distributed/communicator.h"

namespace chestmap {

/// Threads that this rank computes with: `asked` where that is above 0; else 0, which takes every
/// core, for a rank alone, and otherwise its cores (those that it may run on) divided among the
/// ranks of the machine that may run on the same ones, at least 1. Ranks that were bound to cores
/// of their own therefore keep all of these.
[[nodiscard]] std::int64_t rank_threads(std::int64_t asked, Communicator& communicator);

}  // namespace chestmap
