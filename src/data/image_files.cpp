#include "data/image_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <string_view>

#include "base/error.h"

namespace chestmap {

namespace {

namespace fs = std::filesystem;

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_archive_name(const fs::path& path) {
  const std::string name = lower_case(path.filename().string());
  constexpr std::array<std::string_view, 9> endings = {
      ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".zip"};
  return std::any_of(endings.begin(), endings.end(),
                     [&name](std::string_view ending) { return name.ends_with(ending); });
}

/// As data sets name their folders of images: images_001 (ChestX-ray14), train and test
/// (VinDr-CXR), stage_2_train_images (RSNA).
bool is_image_folder_name(std::string_view name) {
  return name.starts_with("images") || name.ends_with("_images") || name == "train" ||
         name == "test";
}

/// The folders that may hold images, in the order in which they count.
std::vector<fs::path> image_folders(const fs::path& folder) {
  std::vector<fs::path> parts;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!is_image_folder_name(name) || !entry.is_directory()) continue;
    parts.push_back(entry.path());
    if (fs::is_directory(entry.path() / "images")) parts.push_back(entry.path() / "images");
  }
  std::sort(parts.begin(), parts.end());
  parts.push_back(folder);
  return parts;
}

[[noreturn]] void cannot_list(const fs::filesystem_error& error) {
  throw UserError("cannot list " + error.path1().string() + ": " + error.code().message(),
                  "may you read the folder?");
}

}  // namespace

bool is_image_name(const fs::path& path) {
  const std::string extension = lower_case(path.extension().string());
  constexpr std::array<std::string_view, 5> endings = {".png", ".jpg", ".jpeg", ".dcm", ".dicom"};
  return std::find(endings.begin(), endings.end(), extension) != endings.end();
}

std::vector<fs::path> find_image_archives(const fs::path& folder) {
  std::vector<fs::path> archives;
  try {
    for (const fs::path& part : image_folders(folder))
      for (const auto& entry : fs::directory_iterator(part))
        if (is_archive_name(entry.path()) && entry.is_regular_file())
          archives.push_back(entry.path());
  } catch (const fs::filesystem_error& error) {
    cannot_list(error);
  }
  std::sort(archives.begin(), archives.end());
  return archives;
}

std::vector<ImageFile> find_image_files(const fs::path& folder) {
  std::vector<ImageFile> files;
  try {
    for (const fs::path& part : image_folders(folder))
      for (const auto& entry : fs::directory_iterator(part))
        if (is_image_name(entry.path()) && !entry.is_directory())
          files.push_back({entry.path().filename().string(), entry.path()});
  } catch (const fs::filesystem_error& error) {
    cannot_list(error);
  }
  const auto by_name = [](const ImageFile& a, const ImageFile& b) { return a.name < b.name; };
  const auto same_name = [](const ImageFile& a, const ImageFile& b) { return a.name == b.name; };
  std::stable_sort(files.begin(), files.end(), by_name);
  files.erase(std::unique(files.begin(), files.end(), same_name), files.end());
  return files;
}

std::string head_of(const fs::path& file) {
  std::string head(std::size_t{64} << 10U, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(in.gcount()));
  return head;
}

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

}  // namespace chestmap
