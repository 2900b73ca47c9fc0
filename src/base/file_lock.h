#pragma once

#include <filesystem>
#include <string>

namespace chestmap {

/// Keeps a file locked (flock) while it lives, so that one process works in a folder at a time. The
/// system lets go when the process ends, however it ends; the file stays.
class FileLock {
 public:
  /// Makes the file where it is not there. Throws UserError: `busy` where another process has it.
  FileLock(const std::filesystem::path& file, const std::string& busy);
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  int descriptor_ = -1;
};

}  // namespace chestmap
