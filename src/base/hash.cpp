#include "base/hash.h"

#include <fmt/format.h>
#include <xxhash.h>

namespace chestmap {

std::uint64_t hash64(std::span<const std::byte> content) noexcept {
  return XXH3_64bits(content.data(), content.size());
}

std::string hash128(std::string_view content) {
  const XXH128_hash_t hash = XXH3_128bits(content.data(), content.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::uint64_t fnv1a(std::string_view content) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : content) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

}  // namespace chestmap
