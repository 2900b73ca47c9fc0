#pragma once

#include <filesystem>

namespace chestmap {

/// Whether the data set in `folder` holds simulated radiographs: the phantom generator's README
/// says so in its first words. False for an empty path.
[[nodiscard]] bool is_simulated_data(const std::filesystem::path& folder);

}  // namespace chestmap
