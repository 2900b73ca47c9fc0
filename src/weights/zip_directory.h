#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/mapped_file.h"

namespace chestmap {

/// A file in a zip archive, in place: the span lies in the archive's own memory.
struct ZipEntry {
  std::string name;
  std::span<const std::byte> data;  ///< empty where it is compressed
  std::uint16_t compression = 0;    ///< APPNOTE's number of the method; 0: stored as it is
};

/// Whether the bytes begin as a zip archive does.
[[nodiscard]] bool is_zip(std::span<const std::byte> bytes) noexcept;

/// The files of a zip archive (with or without the 64-bit extension). Nothing is copied, and
/// nothing inflated: torch.save stores its entries. APPNOTE.TXT 6.3.10, sections 4.3 to 4.5. Throws
/// UserError naming `file` for a damaged directory, an entry that lies outside the file or over
/// another one, a name that comes twice, and an entry that is encrypted.
[[nodiscard]] std::vector<ZipEntry> read_zip_directory(const MappedFile& file);
/// The same of bytes in memory; `file` is for errors.
[[nodiscard]] std::vector<ZipEntry> read_zip_directory(std::span<const std::byte> bytes,
                                                       const std::filesystem::path& file);

}  // namespace chestmap
