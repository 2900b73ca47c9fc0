#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace chestmap {

struct ImageFile {
  std::string name;  ///< without its folder
  std::filesystem::path path;
};

/// The PNG, JPEG and DICOM files of a data folder, sorted by name: those in its subfolders
/// `images*`, `*_images`, `train` and `test`, in folders `images` within these, and in the folder
/// itself. Where a name occurs twice, the first path in that
/// order counts. Throws UserError where a folder cannot be listed.
[[nodiscard]] std::vector<ImageFile> find_image_files(const std::filesystem::path& folder);

/// The first 64 KiB of a file; less where it is shorter, nothing where it cannot be read.
[[nodiscard]] std::string head_of(const std::filesystem::path& file);

/// Whether the name ends as one of an image file that is read: .png, .jpg, .jpeg,
/// .dcm, .dicom.
[[nodiscard]] bool is_image_name(const std::filesystem::path& path);

/// The archives of a data folder (.tar, .tar.gz, .tgz and the like, .zip), sorted by path: those in
/// the folder itself and in the subfolders that `find_image_files` looks into. Throws UserError
/// where a folder cannot be listed.
[[nodiscard]] std::vector<std::filesystem::path> find_image_archives(
    const std::filesystem::path& folder);

/// The folder that a file lies in; "." for a bare file name.
[[nodiscard]] std::filesystem::path folder_of(const std::filesystem::path& file);

}  // namespace chestmap
