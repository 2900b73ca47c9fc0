#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace chestmap {

/// Writes `content` to a temporary file beside `path`, flushes it to the disk and renames it onto
/// `path`, so that a reader sees the old file or the whole new one. Missing parent folders are
/// made. Throws UserError naming `path` and the system's reason (disk full, no permission).
void write_file(const std::filesystem::path& path, std::string_view content);
void write_file(const std::filesystem::path& path, std::span<const std::byte> content);

/// The whole file as bytes; throws UserError where it cannot be read.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

/// Whether something lies there. A name that no file can have, too long for instance, is none:
/// names of tables are not ours.
[[nodiscard]] bool is_there(const std::filesystem::path& path) noexcept;

/// Makes the folder and its parents; throws UserError with the system's reason.
void make_folder(const std::filesystem::path& path);

}  // namespace chestmap
