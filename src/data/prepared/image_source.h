#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/name_index.h"
#include "data/record.h"

namespace chestmap {

/// The records whose images are still to come; each is given to one taker.
class WantedImages {
 public:
  explicit WantedImages(std::size_t records) : wanted_(records) {}
  void add(std::size_t record) { wanted_[record] = true; }
  [[nodiscard]] bool take(std::size_t record) { return wanted_[record].exchange(false); }

 private:
  std::vector<std::atomic<bool>> wanted_;
};

/// An image file to decode: `content`, or what lies in `file` where that is not empty.
struct SourceImage {
  std::size_t record = 0;
  std::filesystem::path file;
  std::vector<std::byte> content;
};

/// Gives the wanted images of a folder or an archive. Safe to use from several threads.
class ImageSource {
 public:
  ImageSource() = default;
  ImageSource(const ImageSource&) = delete;
  ImageSource& operator=(const ImageSource&) = delete;
  virtual ~ImageSource() = default;

  /// Nothing at the end, or where the source cannot be read further.
  [[nodiscard]] virtual std::optional<SourceImage> next() = 0;
  /// Why the source could not be read to its end, naming it; empty where it could.
  [[nodiscard]] virtual std::string failure() const { return {}; }
};

/// Files by record; the first file of a record counts.
struct RecordFile {
  std::size_t record = 0;
  std::filesystem::path file;
};
[[nodiscard]] std::unique_ptr<ImageSource> make_file_source(std::vector<RecordFile> files,
                                                            WantedImages& wanted);

/// Reads an archive (tar or zip; gzip, bzip2, xz, zstd) from its beginning to its end without
/// unpacking it to the disk. Its members are matched to the records by name. `names` and `wanted`
/// must outlive it.
[[nodiscard]] std::unique_ptr<ImageSource> make_archive_source(std::filesystem::path archive,
                                                               const ImageNameIndex& names,
                                                               WantedImages& wanted);

}  // namespace chestmap
