#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace chestmap {

MappedFile::MappedFile(std::filesystem::path file, const std::string& hint)
    : path_(std::move(file)) {
  const auto fail = [&](const std::string& reason) {
    throw UserError("cannot read " + path_.string() + ": " + reason, hint);
  };
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail(std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
  struct stat status {};
  std::string problem;
  if (::fstat(descriptor_, &status) != 0) {
    problem = std::strerror(errno);  // NOLINT(concurrency-mt-unsafe)
  } else if (!S_ISREG(status.st_mode)) {
    problem = "it is no regular file";
  } else if (status.st_size > 0) {  // nothing can be mapped of an empty file
    size_ = static_cast<std::size_t>(status.st_size);
    void* start = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor_, 0);
    if (start == MAP_FAILED)
      problem = std::strerror(errno);  // NOLINT(concurrency-mt-unsafe)
    else
      start_ = start;
  }
  if (problem.empty()) return;
  ::close(descriptor_);
  fail(problem);
}

MappedFile::~MappedFile() {
  if (start_ != nullptr) ::munmap(start_, size_);
  ::close(descriptor_);
}

void MappedFile::forget(std::size_t bytes) const noexcept {
  constexpr std::size_t kTogether = std::size_t{8} << 20;
  if (forgotten_.fetch_add(bytes) + bytes < kTogether) return;
  forgotten_ = 0;
  ::madvise(start_, size_, MADV_DONTNEED);
}

}  // namespace chestmap
