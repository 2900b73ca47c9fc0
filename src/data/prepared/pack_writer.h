#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/prepared/pack_index.h"
#include "image/codec.h"

namespace chestmap {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  [[nodiscard]] int number() const noexcept { return number_; }

 private:
  int number_ = -1;
};

/// Writes the images of a prepared data set, from several threads at once. An image is in the pack
/// once its entry is in the index, which is written after its pixels: whenever the program is
/// killed, another writer goes on with what is there. Without compression the place of an image
/// follows from its index, so that the same images give the same files, in whatever order they
/// come. Throws UserError naming the file and the system's reason (disk full).
class PackWriter {
 public:
  /// Makes the files that are not there yet. An index of another size or header is an error.
  PackWriter(std::filesystem::path folder, const PackSettings& settings, std::size_t images,
             const std::string& fingerprint);

  /// Reads every image that the index names, on `threads` threads, and takes those out whose pixels
  /// are not what was stored (after the machine itself has stopped). Returns how many.
  std::size_t check(std::size_t threads);

  [[nodiscard]] bool holds(std::size_t index) const { return entries_[index].bytes > 0; }
  [[nodiscard]] std::size_t held() const;

  /// `pixels` as ImagePack gives them. Each index from one thread alone.
  void store(std::size_t index, std::span<const std::byte> pixels, const ImageSize& original);

  /// Waits until everything is on the disk, and gives the index's hash64.
  [[nodiscard]] std::uint64_t finish();

 private:
  struct Place {
    std::uint32_t shard = 0;
    std::uint64_t offset = 0;
  };
  [[nodiscard]] std::size_t images_a_shard() const noexcept;
  Place place_for(std::size_t index, std::size_t bytes);
  int shard(std::size_t number);
  void write_entry(std::size_t index, const PackEntry& entry);
  [[nodiscard]] bool is_sound(std::size_t index);

  std::filesystem::path folder_;
  PackSettings settings_;
  PackHeader header_;
  std::vector<PackEntry> entries_;
  Descriptor index_;
  std::mutex mutex_;  ///< guards what follows
  std::vector<std::optional<Descriptor>> shards_;
  Place end_;  ///< where the next compressed image goes
};

}  // namespace chestmap
