#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace chestmap {

/// A regular file, mapped into memory for reading: a page is read when it is first looked at. The
/// file must not be shortened by another program meanwhile (the system would end this one).
class MappedFile {
 public:
  /// Throws UserError naming the file and the system's reason, with `hint`.
  explicit MappedFile(std::filesystem::path file, const std::string& hint = {});
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return {static_cast<const std::byte*>(start_), size_};
  }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  /// Says that so many bytes will not be looked at again. Once they are 8 MiB, lets go of the
  /// memory behind the whole file, which comes from the file again where it is looked at: each time
  /// that memory is let go of interrupts all threads.
  void forget(std::size_t bytes) const noexcept;

  /// The open file, for advice to the system.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  void* start_ = nullptr;
  std::size_t size_ = 0;
  mutable std::atomic<std::size_t> forgotten_ = 0;  // bytes since memory was let go of
};

}  // namespace chestmap
