#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/error.h"
#include "image/codec.h"

namespace chestmap::test {

/// A folder of its own under the system's temporary folder, removed at the end. Filled with one
/// variant of the small tables in tests/data/chestxray14-mini, or empty.
class MiniFolder {
 public:
  explicit MiniFolder(const std::string& variant = "v2020") {
    std::string name = (std::filesystem::temp_directory_path() / "chestmap-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
    if (variant.empty()) return;
    const std::filesystem::path tables = CHESTMAP_TEST_DATA "/chestxray14-mini";
    std::filesystem::copy(tables / variant, path_);
  }
  MiniFolder(const MiniFolder&) = delete;
  MiniFolder& operator=(const MiniFolder&) = delete;
  ~MiniFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
    return path_ / name;
  }

  void write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << content;
  }

  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream in(path_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

  /// Replaces the first occurrence of `from` in a file, which must be there.
  void edit(const std::string& name, const std::string& from, const std::string& to) const {
    std::string content = read(name);
    const std::size_t at = content.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    write(name, content.replace(at, from.size(), to));
  }

  /// A small image whose pixels depend on `shade`.
  void image(const std::string& name, std::uint8_t shade = 100, std::size_t width = 16,
             std::size_t height = 16) const {
    Image8 pixels(width, height, shade);
    for (std::size_t x = 0; x < width; ++x) pixels.at(x, 0) = static_cast<std::uint8_t>(3 * x);
    write(name, encode_png(pixels));
  }

 private:
  std::filesystem::path path_;
};

/// "MESSAGE | HINT" of the UserError that `work` throws, with the folder's path left out.
template <typename Work>
std::string user_error(const MiniFolder& folder, const Work& work) {
  try {
    work();
  } catch (const UserError& error) {
    std::string text = std::string(error.what()) + " | " + error.hint();
    const std::string path = folder.path().string() + "/";
    for (std::size_t at = text.find(path); at != std::string::npos; at = text.find(path))
      text.erase(at, path.size());
    return text;
  }
  return "no error";
}

}  // namespace chestmap::test
