#pragma once

#include <cstdint>

namespace chestmap {

/// A TCP port of this machine that nobody listens on now. Another program may take it before it is
/// used. Throws UserError where there is none.
[[nodiscard]] std::uint16_t free_port();

}  // namespace chestmap
