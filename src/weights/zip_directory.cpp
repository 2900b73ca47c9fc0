#include "weights/zip_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/file_walk.h"
#include "weights/byte_reader.h"

namespace chestmap {

namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kDirectoryHeader = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::uint32_t kEnd64Locator = 0x07064b50;
constexpr std::size_t kLocalHeaderSize = 30;
constexpr std::size_t kDirectoryHeaderSize = 46;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kEnd64LocatorSize = 20;
constexpr std::size_t kLongestComment = 0xffff;
constexpr std::uint16_t kExtra64 = 0x0001;
constexpr std::uint32_t kIn64 = 0xffffffff;  // the number stands in the 64-bit extension

// The system maps up to 16 pages around one that is looked at: 64 headers are 4 MiB.
constexpr std::size_t kHeadersAtOnce = 64;

/// Called with the places of the headers that are read next.
using BeforeHeaders = std::function<void(std::span<const std::size_t> places)>;

/// What the directory says of an entry.
struct Listed {
  std::string name;
  std::uint64_t stored = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;  // of the local header
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
};

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t entries = 0;
};

class ZipReader {
 public:
  ZipReader(std::span<const std::byte> bytes, const std::filesystem::path& file)
      : bytes_(bytes), file_(file) {}

  /// All that the directory lists.
  [[nodiscard]] std::vector<Listed> list() {
    directory_ = find_directory();
    // Each entry takes at least its header, so that a count that lies reserves nothing.
    if (directory_.entries > directory_.size / kDirectoryHeaderSize)
      fail(fmt::format("its directory of {} bytes claims {} entries", directory_.size,
                       directory_.entries));
    std::vector<Listed> all;
    all.reserve(directory_.entries);
    std::set<std::string_view> names;
    std::size_t at = directory_.offset;
    const std::size_t end = directory_.offset + directory_.size;
    for (std::uint64_t i = 0; i < directory_.entries; ++i) {
      all.push_back(read_listed(at, end));
      if (!names.insert(all.back().name).second)
        fail(fmt::format("entry \"{}\" is listed twice", all.back().name));
    }
    return all;
  }

  [[nodiscard]] std::vector<ZipEntry> entries(std::vector<Listed> all,
                                              const BeforeHeaders& before) const {
    std::vector<ZipEntry> entries;
    entries.reserve(all.size());
    for (std::size_t first = 0; first < all.size(); first += kHeadersAtOnce) {
      const auto some = std::span(all).subspan(first, std::min(kHeadersAtOnce, all.size() - first));
      std::vector<std::size_t> places;
      for (const Listed& listed : some) places.push_back(listed.offset);
      before(places);
      for (Listed& listed : some) {
        const std::span<const std::byte> data = data_of(listed, directory_.offset);
        entries.push_back({std::move(listed.name), data, listed.method});
      }
    }
    check_overlap(entries);
    return entries;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw UserError(file_.string() + " is no valid zip archive: " + what,
                    "was the download or the copy cut short?");
  }

  template <typename T>
  [[nodiscard]] T number(std::size_t offset) const {
    const auto value = number_at<T>(bytes_, offset);
    if (!value) fail(fmt::format("a header at {} reaches beyond its end", offset));
    return *value;
  }

  /// The end record stands last, but for a comment of up to 65535 bytes.
  [[nodiscard]] std::size_t find_end() const {
    if (bytes_.size() < kEndSize) fail("it is too short");
    const std::size_t last = bytes_.size() - kEndSize;
    const std::size_t first = last > kLongestComment ? last - kLongestComment : 0;
    for (std::size_t at = last + 1; at-- > first;)
      if (number<std::uint32_t>(at) == kEnd && number<std::uint16_t>(at + 20) == last - at)
        return at;
    fail("its end record is missing");
  }

  [[nodiscard]] Directory find_directory() const {
    const std::size_t end = find_end();
    Directory directory{number<std::uint32_t>(end + 16), number<std::uint32_t>(end + 12),
                        number<std::uint16_t>(end + 10)};
    std::size_t limit = end;
    if (end >= kEnd64LocatorSize &&
        number<std::uint32_t>(end - kEnd64LocatorSize) == kEnd64Locator) {
      const auto end64 = number<std::uint64_t>(end - kEnd64LocatorSize + 8);
      if (end64 > end - kEnd64LocatorSize || number<std::uint32_t>(end64) != kEnd64)
        fail("its 64-bit end record is missing");
      directory = {number<std::uint64_t>(end64 + 48), number<std::uint64_t>(end64 + 40),
                   number<std::uint64_t>(end64 + 32)};
      limit = end64;
    }
    if (directory.offset > limit || directory.size > limit - directory.offset)
      fail(fmt::format("its directory lies at {} with {} bytes, the end record at {}",
                       directory.offset, directory.size, limit));
    return directory;
  }

  /// Reads the directory's entry at `at` and moves `at` to the next.
  [[nodiscard]] Listed read_listed(std::size_t& at, std::size_t end) const {
    if (end - at < kDirectoryHeaderSize || number<std::uint32_t>(at) != kDirectoryHeader)
      fail(fmt::format("an entry of its directory was expected at {}", at));
    Listed listed;
    listed.flags = number<std::uint16_t>(at + 8);
    listed.method = number<std::uint16_t>(at + 10);
    listed.stored = number<std::uint32_t>(at + 20);
    listed.size = number<std::uint32_t>(at + 24);
    listed.offset = number<std::uint32_t>(at + 42);
    const std::size_t name = number<std::uint16_t>(at + 28);
    const std::size_t extra = number<std::uint16_t>(at + 30);
    const std::size_t comment = number<std::uint16_t>(at + 32);
    const std::size_t start = at + kDirectoryHeaderSize;
    if (name + extra + comment > end - start)
      fail(fmt::format("the directory's entry at {} reaches beyond its end", at));
    listed.name.assign(reinterpret_cast<const char*>(bytes_.data() + start), name);
    read_extra64(listed, bytes_.subspan(start + name, extra));
    at = start + name + extra + comment;
    return listed;
  }

  /// The 64-bit extension holds, in this order, those of the three numbers that did not fit.
  void read_extra64(Listed& listed, std::span<const std::byte> extra) const {
    std::size_t at = 0;
    while (extra.size() - at >= 4) {
      const std::uint16_t id = *number_at<std::uint16_t>(extra, at);
      const std::size_t length = *number_at<std::uint16_t>(extra, at + 2);
      const auto field = bytes_at(extra, at + 4, length);
      if (!field) fail(fmt::format("entry \"{}\" has a damaged extra field", listed.name));
      at += 4 + length;
      if (id != kExtra64) continue;
      std::size_t place = 0;
      for (std::uint64_t* value : {&listed.size, &listed.stored, &listed.offset}) {
        if (*value != kIn64) continue;
        const auto wide = number_at<std::uint64_t>(*field, place);
        if (!wide) fail(fmt::format("entry \"{}\" has a damaged 64-bit extension", listed.name));
        *value = *wide;
        place += sizeof *wide;
      }
    }
  }

  [[nodiscard]] std::span<const std::byte> data_of(const Listed& listed, std::size_t limit) const {
    if ((listed.flags & 1) != 0) fail(fmt::format("entry \"{}\" is encrypted", listed.name));
    if (listed.method != 0) return {};
    if (listed.stored != listed.size)
      fail(fmt::format("entry \"{}\" is stored in {} bytes but has {}", listed.name, listed.stored,
                       listed.size));
    const auto outside = [&] {
      fail(
          fmt::format("entry \"{}\" of {} bytes at {} lies outside the {} bytes before the "
                      "directory",
                      listed.name, listed.size, listed.offset, limit));
    };
    if (listed.offset > limit || limit - listed.offset < kLocalHeaderSize) outside();
    if (number<std::uint32_t>(listed.offset) != kLocalHeader)
      fail(fmt::format("entry \"{}\" has no header at {}", listed.name, listed.offset));
    const std::size_t start = listed.offset + kLocalHeaderSize +
                              number<std::uint16_t>(listed.offset + 26) +
                              number<std::uint16_t>(listed.offset + 28);
    if (start > limit || limit - start < listed.size) outside();
    return bytes_.subspan(start, listed.size);
  }

  void check_overlap(const std::vector<ZipEntry>& entries) const {
    std::vector<const ZipEntry*> by_place;
    for (const ZipEntry& entry : entries)
      if (!entry.data.empty()) by_place.push_back(&entry);
    std::sort(by_place.begin(), by_place.end(),
              [](const ZipEntry* a, const ZipEntry* b) { return a->data.data() < b->data.data(); });
    for (std::size_t i = 1; i < by_place.size(); ++i)
      if (by_place[i - 1]->data.data() + by_place[i - 1]->data.size() > by_place[i]->data.data())
        fail(fmt::format("entries \"{}\" and \"{}\" overlap", by_place[i - 1]->name,
                         by_place[i]->name));
  }

  std::span<const std::byte> bytes_;
  const std::filesystem::path& file_;
  Directory directory_;
};

}  // namespace

bool is_zip(std::span<const std::byte> bytes) noexcept {
  const auto start = number_at<std::uint32_t>(bytes, 0);
  return start && (*start == kLocalHeader || *start == kEnd);
}

std::vector<ZipEntry> read_zip_directory(const MappedFile& file) {
  ZipReader reader(file.bytes(), file.path());
  std::vector<Listed> all = reader.list();
  FileWalk walk(file, all.size());
  return reader.entries(std::move(all), [&walk](std::span<const std::size_t> places) {
    walk.fetch(places, kLocalHeaderSize);
  });
}

std::vector<ZipEntry> read_zip_directory(std::span<const std::byte> bytes,
                                         const std::filesystem::path& file) {
  ZipReader reader(bytes, file);
  return reader.entries(reader.list(), [](std::span<const std::size_t> /*places*/) {});
}

}  // namespace chestmap
