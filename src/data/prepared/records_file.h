#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "data/record.h"

namespace chestmap {

/// A data set without its image files and `skipped` as lines of JSON: the data set's own facts,
/// then one record a line. Lossless: `parse_records` gives every number back to the bit. The same
/// data set gives the same text.
[[nodiscard]] std::string records_text(const Dataset& dataset);

/// Throws UserError naming `file` and the line.
[[nodiscard]] Dataset parse_records(std::string_view text, const std::filesystem::path& file);

}  // namespace chestmap
