#include "base/file_walk.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace chestmap {

namespace {

// A disk that is asked for a page alone takes as long as for some 200 KB in order.
constexpr std::size_t kFarApart = std::size_t{256} << 10U;

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

std::byte* at(const MappedFile& file, std::size_t offset) {
  return const_cast<std::byte*>(file.bytes().data()) + offset;  // advice takes no const pointer
}

}  // namespace

FileWalk::FileWalk(const MappedFile& file, std::size_t stops)
    : file_(file), far_apart_(file.bytes().size() / std::max<std::size_t>(stops, 1) > kFarApart) {
  if (far_apart_) ::madvise(at(file_, 0), file_.bytes().size(), MADV_RANDOM);
}

FileWalk::~FileWalk() {
  if (file_.bytes().empty()) return;
  const std::size_t size = file_.bytes().size();
  ::madvise(at(file_, 0), size, MADV_DONTNEED);
  if (far_apart_) ::madvise(at(file_, 0), size, MADV_NORMAL);
  for (const std::size_t page : pages_)
    ::posix_fadvise(file_.descriptor(), static_cast<off_t>(page), static_cast<off_t>(page_size()),
                    POSIX_FADV_DONTNEED);
}

void FileWalk::fetch(std::span<const std::size_t> places, std::size_t bytes) {
  const std::size_t size = file_.bytes().size();
  if (size == 0) return;
  ::madvise(at(file_, 0), size, MADV_DONTNEED);  // what was looked at until now
  if (!far_apart_) return;
  for (const std::size_t place : places) {
    if (place >= size) continue;
    const std::size_t end = place + std::min(bytes, size - place);
    for (std::size_t page = place / page_size() * page_size(); page < end; page += page_size()) {
      unsigned char cached = 0;
      if (::mincore(at(file_, page), 1, &cached) != 0 || (cached & 1U) != 0) continue;
      pages_.push_back(page);
      ::madvise(at(file_, page), page_size(), MADV_WILLNEED);
    }
  }
}

}  // namespace chestmap
