#pragma once

#include <string>
#include <string_view>

namespace chestmap {

/// An HTML page up to its body: style inside, nothing fetched, no script.
[[nodiscard]] std::string page_head(std::string_view title);

}  // namespace chestmap
