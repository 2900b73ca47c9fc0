#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "data/readers.h"
#include "fuzz_target.h"

namespace chestmap::fuzz {

/// A folder in memory for targets whose reader opens its files itself; one a process.
inline const std::filesystem::path& folder() {
  static const struct Folder {
    Folder() {
      const std::filesystem::path memory = "/dev/shm";
      path = (std::filesystem::is_directory(memory) ? memory
                                                    : std::filesystem::temp_directory_path()) /
             ("chestmap-fuzz-" + std::to_string(::getpid()));
      std::filesystem::create_directories(path);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
    std::filesystem::path path;
  } made;
  return made.path;
}

inline void put(const std::string& name, std::string_view content) {
  std::ofstream(folder() / name, std::ios::binary) << content;
}

/// The parts of an input between lines "----": one for each name, written as files; those behind
/// the input's end are empty.
inline void put_parts(std::string_view text, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    constexpr std::string_view kCut = "----\n";
    const std::size_t cut = text.find(kCut);
    put(name, text.substr(0, cut));
    text = cut == std::string_view::npos ? std::string_view() : text.substr(cut + kCut.size());
  }
}

/// What the reader of that name makes of the folder.
inline Dataset read_with(std::string_view name) {
  for (const DatasetReader& reader : dataset_readers())
    if (reader.name == name) return reader.read(folder());
  std::abort();
}

}  // namespace chestmap::fuzz
