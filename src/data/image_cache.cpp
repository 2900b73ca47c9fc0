#include "data/image_cache.h"

namespace chestmap {

ImageCache::ImageCache(std::size_t positions, std::size_t budget_bytes)
    : images_(positions), left_(budget_bytes) {}

ImageCache::Pointer ImageCache::find(std::size_t position) const {
  const std::lock_guard lock(mutex_);
  return images_[position];
}

void ImageCache::keep(std::size_t position, const Pointer& image) {
  const std::size_t bytes = image->pixels().size_bytes();
  const std::lock_guard lock(mutex_);
  if (images_[position] || bytes > left_) return;
  images_[position] = image;
  left_ -= bytes;
}

}  // namespace chestmap
