#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "base/mapped_file.h"
#include "data/prepared/pack_index.h"
#include "image/codec.h"
#include "image/image.h"

namespace chestmap {

/// The images of a prepared data set, mapped into memory and read as they are looked at. Safe to
/// use from several threads.
class ImagePack {
 public:
  /// Throws UserError where `index.bin` or a shard is missing, of another version or damaged.
  /// `index_hash` is what the manifest says of `index.bin`.
  ImagePack(std::filesystem::path folder, const PackSettings& settings, std::size_t images,
            const std::string& fingerprint, std::uint64_t index_hash);

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] const PackSettings& settings() const noexcept { return settings_; }
  [[nodiscard]] bool holds(std::size_t index) const { return entries_[index].bytes > 0; }
  /// Of the image that was prepared.
  [[nodiscard]] ImageSize original_size(std::size_t index) const {
    return {entries_[index].width, entries_[index].height};
  }
  /// The same for equal pixels.
  [[nodiscard]] std::uint64_t pixel_hash(std::size_t index) const { return entries_[index].hash; }

  /// The pixels, row by row, 8 bits or 16 bits (little-endian) each: a part of the mapped file, or
  /// unpacked into `scratch`. Throws ImageError where they are not those that were stored.
  [[nodiscard]] std::span<const std::byte> pixels(std::size_t index,
                                                  std::vector<std::byte>& scratch) const;
  /// In [0, 1]. Throws ImageError as `pixels` does.
  [[nodiscard]] ImageF image(std::size_t index) const;

 private:
  std::filesystem::path folder_;
  PackSettings settings_;
  std::vector<PackEntry> entries_;
  std::vector<std::unique_ptr<MappedFile>> shards_;
};

}  // namespace chestmap
