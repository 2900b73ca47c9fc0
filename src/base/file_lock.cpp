#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace chestmap {

FileLock::FileLock(const std::filesystem::path& file, const std::string& busy)
    : descriptor_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int reason = errno;
  if (descriptor_ >= 0) ::close(descriptor_);
  if (reason == EWOULDBLOCK) throw UserError(busy, "wait until it is done, or stop it");
  throw UserError("cannot lock " + file.string() + ": " +
                      std::strerror(reason),  // NOLINT(concurrency-mt-unsafe)
                  "choose a folder you may write to");
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace chestmap
