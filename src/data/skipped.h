#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/record.h"

namespace chestmap {

/// Reason of a table's row whose image is not on disk while others are.
inline constexpr std::string_view kImageNotInFolder = "the image is not in the data folder";

/// Writes a table `item,reason`, one row an entry.
void write_skipped(const std::filesystem::path& file, std::span<const Skipped> skipped);

/// One line a reason, in order of appearance: "111120 x REASON (first: ITEM)", or "ITEM: REASON"
/// where it occurs once.
[[nodiscard]] std::vector<std::string> skipped_summary(std::span<const Skipped> skipped);

}  // namespace chestmap
