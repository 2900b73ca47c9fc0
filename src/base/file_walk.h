#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/mapped_file.h"

namespace chestmap {

/// A walk through headers that lie all over a mapped file, with what is large between them. Reads
/// the headers and nothing else, several at a time, since a disk answers many requests as soon as
/// one, and leaves no trace: neither in the process, which stays small, nor in the system's cache,
/// where single pages would cut the later reading of the whole file into pieces.
class FileWalk {
 public:
  /// `stops`: how many headers there are. Where they lie close together the file is read as ever.
  FileWalk(const MappedFile& file, std::size_t stops);
  FileWalk(const FileWalk&) = delete;
  FileWalk& operator=(const FileWalk&) = delete;
  ~FileWalk();

  /// To be called before the `bytes` bytes at each of `places` are looked at; some dozens of places
  /// a call. Places beyond the file's end are left to who reads them.
  void fetch(std::span<const std::size_t> places, std::size_t bytes);

 private:
  const MappedFile& file_;
  bool far_apart_;
  std::vector<std::size_t> pages_;  ///< offsets of pages that were not in the cache before
};

}  // namespace chestmap
