#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace chestmap {

namespace {

std::string reason() { return std::strerror(errno); }  // NOLINT(concurrency-mt-unsafe)

std::string hint_for_errno() {
  if (errno == ENOSPC || errno == EDQUOT)
    return "the disk is full: free space or choose another folder";
  if (errno == EACCES || errno == EPERM || errno == EROFS)
    return "choose a folder you may write to";
  if (errno == ENOENT || errno == ENOTDIR) return "is the path spelled right?";
  return {};
}

[[noreturn]] void fail(const std::string& action, const std::filesystem::path& path) {
  throw UserError("cannot " + action + " " + path.string() + ": " + reason(), hint_for_errno());
}

/// A file that is open for reading.
class OpenFile {
 public:
  explicit OpenFile(const std::filesystem::path& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) fail("read", path);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() { ::close(descriptor_); }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_ = -1;
};

/// Closes the descriptor and removes the temporary file unless it was released.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& target) {
    static std::atomic<unsigned> counter{0};
    path_ = target;
    path_ += ".tmp" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor_ < 0) fail("write", target);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  void write(std::span<const std::byte> content, const std::filesystem::path& target) const {
    while (!content.empty()) {
      const ssize_t written = ::write(descriptor_, content.data(), content.size());
      if (written < 0) {
        if (errno == EINTR) continue;
        fail("write", target);
      }
      content = content.subspan(static_cast<std::size_t>(written));
    }
  }

  void rename_onto(const std::filesystem::path& target) {
    if (::fsync(descriptor_) != 0) fail("write", target);
    const int descriptor = descriptor_;
    descriptor_ = -1;
    if (::close(descriptor) != 0) fail("write", target);
    if (::rename(path_.c_str(), target.c_str()) != 0) fail("write", target);
    path_.clear();
  }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace

bool is_there(const std::filesystem::path& path) noexcept {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

void make_folder(const std::filesystem::path& path) {
  if (path.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error)
    throw UserError("cannot make the folder " + path.string() + ": " + error.message(),
                    "choose a folder you may write to");
}

void write_file(const std::filesystem::path& path, std::span<const std::byte> content) {
  make_folder(path.parent_path());
  TemporaryFile file(path);
  file.write(content, path);
  file.rename_onto(path);
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  write_file(path, std::as_bytes(std::span(content.data(), content.size())));
}

std::string read_file(const std::filesystem::path& path) {
  const OpenFile file(path);
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) fail("read", path);
  if (S_ISDIR(status.st_mode))
    throw UserError("cannot read " + path.string() + ": it is a folder", "name a file");
  // The size is a guess alone: a pipe has none, and a file may grow. One byte more finds its end.
  constexpr std::size_t kLeast = std::size_t{1} << 12U;
  std::string content(std::max(static_cast<std::size_t>(status.st_size) + 1, kLeast), '\0');
  std::size_t there = 0;
  while (true) {
    const ssize_t got = ::read(file.descriptor(), content.data() + there, content.size() - there);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("read", path);
    if (got == 0) break;
    there += static_cast<std::size_t>(got);
    if (there == content.size()) content.resize(2 * content.size());
  }
  content.resize(there);
  return content;
}

}  // namespace chestmap
