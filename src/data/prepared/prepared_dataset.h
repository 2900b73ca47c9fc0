#pragma once

#include <filesystem>

#include "data/record.h"

namespace chestmap {

/// Whether the folder is one that `prepare` made, complete or not.
[[nodiscard]] bool is_prepared_dataset(const std::filesystem::path& folder);

/// Reads a folder that `prepare` made: the data set that was prepared, its images in the folder's
/// pack. Records whose image could not be read or was not there are left out into
/// `Dataset::skipped`. Throws UserError where it is not complete, of another version, or damaged.
[[nodiscard]] Dataset read_prepared_dataset(const std::filesystem::path& folder);

}  // namespace chestmap
