#include "data/finding.h"

#include <algorithm>

namespace chestmap {

std::optional<std::size_t> FindingList::find(std::string_view name) const noexcept {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names_.begin());
}

}  // namespace chestmap
