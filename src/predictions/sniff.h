#pragma once

#include <filesystem>
#include <string_view>

namespace chestmap {

/// The first character that is no white space of a file with the given ending ("" for any);
/// '\0' where the file has another ending, is a folder or has none such in its first 4 KiB.
[[nodiscard]] char first_character(const std::filesystem::path& file, std::string_view ending);

}  // namespace chestmap
