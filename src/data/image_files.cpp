#include "data/image_files.h"

#include <algorithm>
#include <cctype>
#include <fstream>

#include "base/error.h"

namespace chestmap {

namespace {

namespace fs = std::filesystem;

bool is_image_name(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

/// The folders that may hold images, in the order in which they count.
std::vector<fs::path> image_folders(const fs::path& folder) {
  std::vector<fs::path> parts;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("images") || !entry.is_directory()) continue;
    parts.push_back(entry.path());
    if (fs::is_directory(entry.path() / "images")) parts.push_back(entry.path() / "images");
  }
  std::sort(parts.begin(), parts.end());
  parts.push_back(folder);
  return parts;
}

}  // namespace

std::vector<ImageFile> find_image_files(const fs::path& folder) {
  std::vector<ImageFile> files;
  try {
    for (const fs::path& part : image_folders(folder))
      for (const auto& entry : fs::directory_iterator(part))
        if (is_image_name(entry.path()) && !entry.is_directory())
          files.push_back({entry.path().filename().string(), entry.path()});
  } catch (const fs::filesystem_error& error) {
    throw UserError("cannot list " + error.path1().string() + ": " + error.code().message(),
                    "may you read the folder?");
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
