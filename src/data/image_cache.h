#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "image/image.h"

namespace chestmap {

/// Images by position, in memory up to a budget; what comes when it is spent is not kept. Safe to
/// use from several threads.
class ImageCache {
 public:
  using Pointer = std::shared_ptr<const Image16>;

  ImageCache(std::size_t positions, std::size_t budget_bytes);

  /// Null where the position is not kept.
  [[nodiscard]] Pointer find(std::size_t position) const;
  void keep(std::size_t position, const Pointer& image);

 private:
  mutable std::mutex mutex_;
  std::vector<Pointer> images_;
  std::size_t left_;
};

}  // namespace chestmap
