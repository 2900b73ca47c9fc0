#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace chestmap {

namespace {

// A disk that is asked for a page alone takes as long as for some 200 KB in order.
constexpr std::size_t kFarApart = std::size_t{256} << 10U;

}  // namespace

MappedFile::MappedFile(std::filesystem::path file, const std::string& hint)
    : path_(std::move(file)) {
  const auto fail = [&](const std::string& reason) {
    throw UserError("cannot read " + path_.string() + ": " + reason, hint);
  };
  const int descriptor = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
  struct stat status {};
  std::string problem;
  if (::fstat(descriptor, &status) != 0) {
    problem = std::strerror(errno);  // NOLINT(concurrency-mt-unsafe)
  } else if (!S_ISREG(status.st_mode)) {
    problem = "it is no regular file";
  } else if (status.st_size > 0) {  // nothing can be mapped of an empty file
    size_ = static_cast<std::size_t>(status.st_size);
    void* start = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (start == MAP_FAILED)
      problem = std::strerror(errno);  // NOLINT(concurrency-mt-unsafe)
    else
      start_ = start;
  }
  ::close(descriptor);
  if (!problem.empty()) fail(problem);
}

MappedFile::~MappedFile() {
  if (start_ != nullptr) ::munmap(start_, size_);
}

void MappedFile::walk(std::size_t stops) const noexcept {
  if (start_ == nullptr) return;
  ::madvise(start_, size_, MADV_DONTNEED);
  if (size_ / std::max<std::size_t>(stops, 1) > kFarApart) ::madvise(start_, size_, MADV_RANDOM);
}

void MappedFile::end_walk() const noexcept {
  if (start_ != nullptr) ::madvise(start_, size_, MADV_NORMAL);
}

}  // namespace chestmap
