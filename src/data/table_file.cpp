#include "data/table_file.h"

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <memory>

#include "base/atomic_file.h"
#include "base/error.h"

namespace chestmap {

namespace {

struct FreeArchive {
  void operator()(archive* reader) const noexcept { archive_read_free(reader); }
};

/// At most `most` bytes of what the file holds.
std::string unpacked(const std::filesystem::path& file, std::size_t most) {
  const std::unique_ptr<archive, FreeArchive> reader(archive_read_new());
  const auto fail = [&] {
    const char* reason = archive_error_string(reader.get());
    throw UserError(
        "cannot read " + file.string() + ": " + (reason == nullptr ? "it is no gzip file" : reason),
        "was the download or the disk cut short?");
  };
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_raw(reader.get());
  archive_entry* entry = nullptr;
  constexpr std::size_t block = std::size_t{1} << 20U;
  if (archive_read_open_filename(reader.get(), file.c_str(), block) != ARCHIVE_OK ||
      archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK)
    fail();
  std::string text;
  std::array<char, 1U << 16U> part{};
  while (text.size() < most) {
    const la_ssize_t got = archive_read_data(reader.get(), part.data(), part.size());
    if (got < 0) fail();
    if (got == 0) break;
    text.append(part.data(), static_cast<std::size_t>(got));
  }
  return text;
}

bool is_compressed(const std::filesystem::path& file) { return file.extension() == ".gz"; }

}  // namespace

std::optional<std::filesystem::path> find_table(const std::filesystem::path& folder,
                                                const std::string& name) {
  for (const std::string& candidate : {name, name + ".gz"})
    if (is_there(folder / candidate)) return folder / candidate;
  return std::nullopt;
}

CsvTable read_table(const std::filesystem::path& file) {
  if (!is_compressed(file)) return read_csv(file);
  // A table of 2 GiB is none of a data set's.
  constexpr std::size_t most = std::size_t{1} << 31U;
  return parse_csv(unpacked(file, most), file);
}

std::vector<std::string> read_table_header(const std::filesystem::path& file) {
  if (!is_compressed(file)) return read_csv_header(file);
  try {
    const std::string text = unpacked(file, 1);
    return parse_csv(text.substr(0, text.find('\n')), file).header;
  } catch (const UserError&) {
    return {};
  }
}

}  // namespace chestmap
