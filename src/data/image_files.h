#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace chestmap {

struct ImageFile {
  std::string name;  ///< without its folder
  std::filesystem::path path;
};

/// The PNG and JPEG files of a data folder, sorted by name: those in its subfolders `images*`, in
/// `images*/images` and in the folder itself. Where a name occurs twice, the first path in that
/// order counts. Throws UserError where a folder cannot be listed.
[[nodiscard]] std::vector<ImageFile> find_image_files(const std::filesystem::path& folder);

/// The first 64 KiB of a file; less where it is shorter, nothing where it cannot be read.
[[nodiscard]] std::string head_of(const std::filesystem::path& file);

/// The folder that a file lies in; "." for a bare file name.
[[nodiscard]] std::filesystem::path folder_of(const std::filesystem::path& file);

}  // namespace chestmap
