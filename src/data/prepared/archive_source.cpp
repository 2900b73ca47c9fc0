#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "data/image_files.h"
#include "data/prepared/image_source.h"

namespace chestmap {

namespace {

/// No radiograph's file is larger; what claims to be is not read.
constexpr std::int64_t kLargestMember = std::int64_t{1} << 30U;

struct FreeArchive {
  void operator()(archive* reader) const noexcept { archive_read_free(reader); }
};

class ArchiveSource final : public ImageSource {
 public:
  ArchiveSource(std::filesystem::path file, const ImageNameIndex& names, WantedImages& wanted)
      : file_(std::move(file)), names_(names), wanted_(wanted) {}

  std::optional<SourceImage> next() override {
    const std::lock_guard lock(mutex_);
    if (at_end_) return std::nullopt;
    if (!reader_ && !open()) return fail();
    archive_entry* entry = nullptr;
    while (true) {
      const int status = archive_read_next_header(reader_.get(), &entry);
      if (status == ARCHIVE_RETRY) continue;
      if (status == ARCHIVE_EOF) break;
      if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return fail();
      const std::optional<std::size_t> record = record_of(entry);
      if (!record || !wanted_.take(*record)) continue;
      auto content = read_member(entry);
      if (!content) {
        wanted_.add(*record);  // another archive may hold it whole
        return fail();
      }
      return SourceImage{*record, {}, std::move(*content)};
    }
    at_end_ = true;
    reader_.reset();
    return std::nullopt;
  }

  [[nodiscard]] std::string failure() const override {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

 private:
  bool open() {
    reader_.reset(archive_read_new());
    archive* reader = reader_.get();
    archive_read_support_filter_gzip(reader);
    archive_read_support_filter_bzip2(reader);
    archive_read_support_filter_xz(reader);
    archive_read_support_filter_zstd(reader);
    archive_read_support_format_tar(reader);
    archive_read_support_format_zip(reader);
    constexpr std::size_t block = std::size_t{1} << 20U;
    return archive_read_open_filename(reader, file_.c_str(), block) == ARCHIVE_OK;
  }

  std::nullopt_t fail() {
    const char* reason = archive_error_string(reader_.get());
    failure_ = fmt::format("{}: {}", file_.string(),
                           reason == nullptr ? "it cannot be read further" : reason);
    at_end_ = true;
    reader_.reset();
    return std::nullopt;
  }

  std::optional<std::size_t> record_of(archive_entry* entry) const {
    if (archive_entry_filetype(entry) != AE_IFREG) return std::nullopt;
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) name = archive_entry_pathname_utf8(entry);
    if (name == nullptr || !is_image_name(name)) return std::nullopt;
    return names_.find(name);
  }

  /// Nothing where the archive is broken. A member too large comes out empty, and is then no image.
  std::optional<std::vector<std::byte>> read_member(archive_entry* entry) {
    std::vector<std::byte> content;
    constexpr std::size_t step = std::size_t{1} << 20U;
    const std::int64_t claimed =
        archive_entry_size_is_set(entry) != 0 ? archive_entry_size(entry) : 0;
    if (claimed > kLargestMember) return content;
    content.reserve(static_cast<std::size_t>(claimed));
    std::size_t size = 0;
    while (true) {
      content.resize(std::max(static_cast<std::size_t>(claimed), size + step));
      const la_ssize_t got =
          archive_read_data(reader_.get(), content.data() + size, content.size() - size);
      if (got == ARCHIVE_RETRY) continue;
      if (got < 0 && got != ARCHIVE_WARN) return std::nullopt;
      if (got <= 0) break;
      size += static_cast<std::size_t>(got);
      if (size > static_cast<std::size_t>(kLargestMember)) return std::vector<std::byte>{};
    }
    content.resize(size);
    return content;
  }

  const std::filesystem::path file_;
  const ImageNameIndex& names_;
  WantedImages& wanted_;
  mutable std::mutex mutex_;  ///< guards what follows
  std::unique_ptr<archive, FreeArchive> reader_;
  bool at_end_ = false;
  std::string failure_;
};

}  // namespace

std::unique_ptr<ImageSource> make_archive_source(std::filesystem::path archive,
                                                 const ImageNameIndex& names,
                                                 WantedImages& wanted) {
  return std::make_unique<ArchiveSource>(std::move(archive), names, wanted);
}

}  // namespace chestmap
