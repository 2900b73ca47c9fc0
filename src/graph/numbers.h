#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/mapped_file.h"

namespace chestmap {

/// Numbers in single precision that do not change: a vector of their own, or a part of a mapped
/// file, which they keep open.
class Numbers {
 public:
  Numbers() = default;
  Numbers(std::vector<float> own) : own_(std::move(own)) {}  // NOLINT(google-explicit-constructor)
  Numbers(std::shared_ptr<const MappedFile> file, std::span<const float> part)
      : file_(std::move(file)), part_(part) {}

  [[nodiscard]] std::span<const float> span() const noexcept {
    return file_ ? part_ : std::span<const float>(own_);
  }
  [[nodiscard]] const float* data() const noexcept { return span().data(); }
  [[nodiscard]] std::size_t size() const noexcept { return span().size(); }
  [[nodiscard]] float operator[](std::size_t i) const noexcept { return span()[i]; }
  [[nodiscard]] auto begin() const noexcept { return span().begin(); }
  [[nodiscard]] auto end() const noexcept { return span().end(); }

  /// Becomes empty and gives the memory back: a file's pages too, which others who read them get
  /// from the system anew.
  void drop() {
    if (file_) file_->forget(part_.size_bytes());
    *this = Numbers();
  }

 private:
  std::vector<float> own_;
  std::shared_ptr<const MappedFile> file_;
  std::span<const float> part_;
};

}  // namespace chestmap
