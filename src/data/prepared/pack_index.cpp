#include "data/prepared/pack_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <span>

#include "base/hash.h"

namespace chestmap {

static_assert(std::endian::native == std::endian::little, "the files are little-endian");

PackHeader make_pack_header(const PackSettings& settings, std::size_t images,
                            const std::string& fingerprint) {
  PackHeader header;
  header.magic = {'C', 'H', 'E', 'S', 'T', 'P', 'K', '\n'};
  header.version = kPackVersion;
  header.side = static_cast<std::uint32_t>(settings.side);
  header.bits = static_cast<std::uint32_t>(settings.bits);
  header.compressed = settings.zstd_level > 0 ? 1 : 0;
  header.images = images;
  std::copy_n(fingerprint.begin(), std::min(fingerprint.size(), header.fingerprint.size()),
              header.fingerprint.begin());
  return header;
}

std::uint64_t entry_check(const PackEntry& entry, std::size_t index) noexcept {
  const std::array<std::uint64_t, 7> fields{entry.offset, entry.hash,   entry.shard, entry.bytes,
                                            entry.width,  entry.height, index};
  return hash64(std::as_bytes(std::span(fields)));
}

std::filesystem::path index_file(const std::filesystem::path& folder) {
  return folder / "index.bin";
}

std::filesystem::path shard_file(const std::filesystem::path& folder, std::size_t shard) {
  return folder / fmt::format("shard-{:05}.bin", shard);
}

}  // namespace chestmap
