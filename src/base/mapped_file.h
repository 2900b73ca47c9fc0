#pragma once

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

  /// Lets go of the memory behind the whole pages of this part, which come from the file again when
  /// they are next looked at.
  void forget(std::span<const std::byte> part) const noexcept;

  /// The open file, for advice to the system.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  void* start_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace chestmap
