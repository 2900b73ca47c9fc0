#pragma once

#include <cstddef>
#include <functional>

namespace chestmap {

/// Calls `work(i)` once for every i in [0, count) from `threads` threads, in no fixed order, and
/// waits. The first exception stops the handing out of further work and is thrown again here.
void parallel_for(std::size_t count, std::size_t threads,
                  const std::function<void(std::size_t)>& work);

}  // namespace chestmap
