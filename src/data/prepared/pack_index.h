#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <type_traits>

namespace chestmap {

/// How the images of a pack are stored: grey, `side` x `side`, 8 or 16 bits a pixel.
struct PackSettings {
  std::size_t side = 256;
  std::size_t bits = 8;
  int zstd_level = 0;  ///< 0: not compressed
  friend bool operator==(const PackSettings&, const PackSettings&) = default;

  [[nodiscard]] std::size_t image_bytes() const noexcept { return side * side * bits / 8; }
};

/// `index.bin`: this header, then one PackEntry a record. Little-endian.
struct PackHeader {
  std::array<char, 8> magic{};
  std::uint32_t version = 0;
  std::uint32_t side = 0;
  std::uint32_t bits = 0;
  std::uint32_t compressed = 0;  ///< 1: each image is a zstd frame
  std::uint64_t images = 0;
  std::array<char, 32> fingerprint{};
  friend bool operator==(const PackHeader&, const PackHeader&) = default;
};
static_assert(sizeof(PackHeader) == 64 && std::is_trivially_copyable_v<PackHeader>);

/// Where a record's image lies in the shards. All zero: it is not there.
struct PackEntry {
  std::uint64_t offset = 0;  ///< in the shard's file
  std::uint64_t hash = 0;    ///< hash64 of the pixels, not compressed
  std::uint64_t check = 0;   ///< of this entry, see `entry_check`
  std::uint32_t shard = 0;
  std::uint32_t bytes = 0;  ///< in the file; 0: the image is not there
  std::uint32_t width = 0;  ///< of the original image
  std::uint32_t height = 0;
};
static_assert(sizeof(PackEntry) == 40 && std::is_trivially_copyable_v<PackEntry>);

inline constexpr std::uint32_t kPackVersion = 1;
inline constexpr std::size_t kShardBytes = std::size_t{256} << 20U;

[[nodiscard]] PackHeader make_pack_header(const PackSettings& settings, std::size_t images,
                                          const std::string& fingerprint);
/// What `check` must be for the entry of record `index`.
[[nodiscard]] std::uint64_t entry_check(const PackEntry& entry, std::size_t index) noexcept;
[[nodiscard]] std::filesystem::path index_file(const std::filesystem::path& folder);
[[nodiscard]] std::filesystem::path shard_file(const std::filesystem::path& folder,
                                               std::size_t shard);

}  // namespace chestmap
