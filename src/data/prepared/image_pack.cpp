#include "data/prepared/image_pack.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/hash.h"
#include "image/sample_depth.h"

namespace chestmap {

namespace {

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& message) {
  throw UserError(
      file.string() + ": " + message,
      "the prepared data set is damaged: `chestmap data prepare` with --retry mends it");
}

}  // namespace

ImagePack::ImagePack(std::filesystem::path folder, const PackSettings& settings, std::size_t images,
                     const std::string& fingerprint, std::uint64_t index_hash)
    : folder_(std::move(folder)), settings_(settings) {
  const std::filesystem::path file = index_file(folder_);
  const std::string content = read_file(file);
  PackHeader header;
  const std::size_t expected = sizeof(header) + images * sizeof(PackEntry);
  if (content.size() != expected)
    fail(file, fmt::format("it has {} bytes, {} were expected", content.size(), expected));
  std::memcpy(&header, content.data(), sizeof(header));
  if (header != make_pack_header(settings_, images, fingerprint))
    fail(file, "it belongs to another data set or to other settings than prepared.json");
  if (hash64(std::as_bytes(std::span(content))) != index_hash)
    fail(file, "its checksum is not the one in prepared.json");
  entries_.resize(images);  // as many as the file has, whatever the manifest claims
  for (std::size_t i = 0; i < images; ++i)
    std::memcpy(&entries_[i], content.data() + sizeof(header) + i * sizeof(PackEntry),
                sizeof(PackEntry));

  for (const PackEntry& entry : entries_) {
    if (entry.bytes == 0) continue;
    // Shards are filled one after the other, so that there are no more of them than images.
    if (entry.shard >= images)
      fail(file, fmt::format("it speaks of shard {}, and has {} images", entry.shard, images));
    if (shards_.size() <= entry.shard) shards_.resize(std::size_t{entry.shard} + 1);
    auto& shard = shards_[entry.shard];
    if (!shard)
      shard = std::make_unique<MappedFile>(
          shard_file(folder_, entry.shard),
          "was it removed? `chestmap data prepare` with --retry mends the prepared data set");
    const std::size_t size = shard->bytes().size();
    if (entry.offset > size || size - entry.offset < entry.bytes)
      fail(shard->path(), fmt::format("it is cut short: it has {} bytes, and an image lies behind "
                                      "its end",
                                      shard->bytes().size()));
  }
}

std::span<const std::byte> ImagePack::pixels(std::size_t index,
                                             std::vector<std::byte>& scratch) const {
  const PackEntry& entry = entries_[index];
  if (entry.bytes == 0) throw ImageError("the prepared data set does not hold the image");
  std::span<const std::byte> stored =
      shards_[entry.shard]->bytes().subspan(entry.offset, entry.bytes);
  if (settings_.zstd_level > 0) {
    scratch.resize(settings_.image_bytes());
    const std::size_t size =
        ZSTD_decompress(scratch.data(), scratch.size(), stored.data(), stored.size());
    stored = std::span<const std::byte>(scratch).first(ZSTD_isError(size) != 0 ? 0 : size);
  }
  if (stored.size() != settings_.image_bytes() || hash64(stored) != entry.hash)
    throw ImageError(fmt::format("the prepared image is damaged ({}, offset {})",
                                 shard_file(folder_, entry.shard).filename().string(),
                                 entry.offset));
  return stored;
}

ImageF ImagePack::image(std::size_t index) const {
  std::vector<std::byte> scratch;
  ImageF result(settings_.side, settings_.side);
  from_samples(pixels(index, scratch), settings_.bits, result.pixels());
  return result;
}

}  // namespace chestmap
