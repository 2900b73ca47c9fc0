#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/csv.h"

namespace chestmap {

/// `folder/name`, or `folder/name.gz`, whichever is there.
[[nodiscard]] std::optional<std::filesystem::path> find_table(const std::filesystem::path& folder,
                                                              const std::string& name);

/// `read_csv` of a file that may be compressed by gzip (named *.gz). Throws UserError as that does,
/// and where the compressed file is broken or cut short.
[[nodiscard]] CsvTable read_table(const std::filesystem::path& file);

/// The header of such a table; empty where it cannot be read.
[[nodiscard]] std::vector<std::string> read_table_header(const std::filesystem::path& file);

}  // namespace chestmap
