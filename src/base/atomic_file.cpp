#include "base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

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
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    throw UserError("cannot read " + path.string() + ": it is a folder", "name a file");
  std::ifstream in(path, std::ios::binary);
  if (!in) fail("read", path);
  std::string content;
  constexpr std::size_t kPiece = 1U << 16U;  // not the file's size: a pipe has none
  while (in) {
    const std::size_t there = content.size();
    content.resize(there + kPiece);
    in.read(content.data() + there, static_cast<std::streamsize>(kPiece));
    content.resize(there + static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) fail("read", path);
  return content;
}

}  // namespace chestmap
