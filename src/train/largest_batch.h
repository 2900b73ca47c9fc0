#pragma once

#include <cstdint>
#include <exception>
#include <functional>

namespace chestmap {

/// The largest n up to `most` that fits, given that whatever is smaller than one that fits does
/// too; 0 where 1 does not. Asks about the logarithm of `most` times.
[[nodiscard]] std::int64_t largest_that_fits(std::int64_t most,
                                             const std::function<bool(std::int64_t)>& fits);

/// Whether an exception of torch, or of the standard library, says that memory was not enough.
[[nodiscard]] bool is_out_of_memory(const std::exception& error);

}  // namespace chestmap
