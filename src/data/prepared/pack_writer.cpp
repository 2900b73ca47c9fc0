#include "data/prepared/pack_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/parallel.h"

namespace chestmap {

namespace {

[[noreturn]] void fail(const std::string& action, const std::filesystem::path& file) {
  const int reason = errno;
  throw UserError(fmt::format("cannot {} {}: {}", action, file.string(),
                              std::strerror(reason)),  // NOLINT(concurrency-mt-unsafe)
                  reason == ENOSPC || reason == EDQUOT || reason == EFBIG
                      ? "what is there is kept: make room, and give the same command again to go on"
                      : "may you write there? The same command again goes on with what is there");
}

Descriptor open_file(const std::filesystem::path& file) {
  const int number = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (number < 0) fail("write", file);
  return Descriptor(number);
}

void write_at(int descriptor, std::span<const std::byte> content, std::uint64_t offset,
              const std::filesystem::path& file) {
  while (!content.empty()) {
    const ssize_t written =
        ::pwrite(descriptor, content.data(), content.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write", file);
    content = content.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

/// Less than was asked for only at the file's end.
std::size_t read_at(int descriptor, std::span<std::byte> content, std::uint64_t offset,
                    const std::filesystem::path& file) {
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::pread(descriptor, content.data() + done, content.size() - done,
                                static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("read", file);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

/// So that a full disk shows before the work and not in its midst; file systems that cannot are
/// passed over.
void reserve(int descriptor, std::size_t bytes, const std::filesystem::path& file) {
  if (::fallocate(descriptor, 0, 0, static_cast<off_t>(bytes)) != 0 &&
      (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
    fail("write", file);
}

}  // namespace

Descriptor::Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

PackWriter::PackWriter(std::filesystem::path folder, const PackSettings& settings,
                       std::size_t images, const std::string& fingerprint)
    : folder_(std::move(folder)),
      settings_(settings),
      header_(make_pack_header(settings, images, fingerprint)),
      entries_(images) {
  const std::filesystem::path file = index_file(folder_);
  if (!std::filesystem::exists(file)) {
    std::vector<std::byte> content(sizeof(header_) + images * sizeof(PackEntry));
    std::memcpy(content.data(), &header_, sizeof(header_));
    write_file(file, content);
  }
  index_ = open_file(file);
  const std::span<std::byte> entries = std::as_writable_bytes(std::span(entries_));
  PackHeader header;
  if (read_at(index_.number(), std::as_writable_bytes(std::span(&header, 1)), 0, file) !=
          sizeof(header) ||
      header != header_ ||
      read_at(index_.number(), entries, sizeof(header), file) != entries.size())
    throw UserError(file.string() + " is damaged, or of another data set than prepared.json",
                    "remove the folder and prepare the data set again");
  for (std::size_t i = 0; i < images; ++i) {
    PackEntry& entry = entries_[i];
    if (entry.bytes > 0 && entry.check != entry_check(entry, i)) entry = {};
    if (entry.bytes == 0 || settings_.zstd_level == 0) continue;
    const Place after{entry.shard, entry.offset + entry.bytes};
    if (std::pair(after.shard, after.offset) > std::pair(end_.shard, end_.offset)) end_ = after;
  }
}

std::size_t PackWriter::check(std::size_t threads) {
  std::atomic<std::size_t> lost{0};
  parallel_for(entries_.size(), threads, [&](std::size_t i) {
    if (!holds(i) || is_sound(i)) return;
    ++lost;
    write_entry(i, {});
  });
  return lost;
}

bool PackWriter::is_sound(std::size_t index) {
  const PackEntry& entry = entries_[index];
  const std::filesystem::path file = shard_file(folder_, entry.shard);
  if (!std::filesystem::exists(file)) return false;
  std::vector<std::byte> stored(entry.bytes);
  if (read_at(shard(entry.shard), stored, entry.offset, file) != stored.size()) return false;
  if (settings_.zstd_level > 0) {
    std::vector<std::byte> unpacked(settings_.image_bytes());
    const std::size_t size =
        ZSTD_decompress(unpacked.data(), unpacked.size(), stored.data(), stored.size());
    if (ZSTD_isError(size) != 0 || size != unpacked.size()) return false;
    stored = std::move(unpacked);
  }
  return stored.size() == settings_.image_bytes() && hash64(stored) == entry.hash;
}

std::size_t PackWriter::held() const {
  return static_cast<std::size_t>(std::count_if(
      entries_.begin(), entries_.end(), [](const PackEntry& entry) { return entry.bytes > 0; }));
}

std::size_t PackWriter::images_a_shard() const noexcept {
  return std::max<std::size_t>(1, kShardBytes / settings_.image_bytes());
}

PackWriter::Place PackWriter::place_for(std::size_t index, std::size_t bytes) {
  if (settings_.zstd_level == 0)
    return {static_cast<std::uint32_t>(index / images_a_shard()),
            index % images_a_shard() * settings_.image_bytes()};
  const std::lock_guard lock(mutex_);
  if (end_.offset > 0 && end_.offset + bytes > kShardBytes) end_ = {end_.shard + 1, 0};
  const Place place = end_;
  end_.offset += bytes;
  return place;
}

int PackWriter::shard(std::size_t number) {
  const std::lock_guard lock(mutex_);
  if (shards_.size() <= number) shards_.resize(number + 1);
  if (!shards_[number]) {
    const std::filesystem::path file = shard_file(folder_, number);
    Descriptor opened = open_file(file);
    if (settings_.zstd_level == 0) {
      const std::size_t first = number * images_a_shard();
      const std::size_t count = std::min(images_a_shard(), entries_.size() - first);
      reserve(opened.number(), count * settings_.image_bytes(), file);
    }
    shards_[number] = std::move(opened);
  }
  return shards_[number]->number();
}

void PackWriter::write_entry(std::size_t index, const PackEntry& entry) {
  write_at(index_.number(), std::as_bytes(std::span(&entry, 1)),
           sizeof(header_) + index * sizeof(entry), index_file(folder_));
  entries_[index] = entry;
}

void PackWriter::store(std::size_t index, std::span<const std::byte> pixels,
                       const ImageSize& original) {
  PackEntry entry;
  entry.hash = hash64(pixels);
  std::vector<std::byte> packed;
  if (settings_.zstd_level > 0) {
    packed.resize(ZSTD_compressBound(pixels.size()));
    packed.resize(ZSTD_compress(packed.data(), packed.size(), pixels.data(), pixels.size(),
                                settings_.zstd_level));
    pixels = packed;
  }
  const Place place = place_for(index, pixels.size());
  entry.shard = place.shard;
  entry.offset = place.offset;
  entry.bytes = static_cast<std::uint32_t>(pixels.size());
  entry.width = static_cast<std::uint32_t>(original.width);
  entry.height = static_cast<std::uint32_t>(original.height);
  entry.check = entry_check(entry, index);
  write_at(shard(place.shard), pixels, place.offset, shard_file(folder_, place.shard));
  write_entry(index, entry);
}

std::uint64_t PackWriter::finish() {
  for (std::size_t s = 0; s < shards_.size(); ++s)
    if (shards_[s] && ::fsync(shards_[s]->number()) != 0) fail("write", shard_file(folder_, s));
  if (::fsync(index_.number()) != 0) fail("write", index_file(folder_));
  std::vector<std::byte> content(sizeof(header_) + entries_.size() * sizeof(PackEntry));
  std::memcpy(content.data(), &header_, sizeof(header_));
  std::memcpy(content.data() + sizeof(header_), entries_.data(),
              entries_.size() * sizeof(PackEntry));
  return hash64(content);
}

}  // namespace chestmap
