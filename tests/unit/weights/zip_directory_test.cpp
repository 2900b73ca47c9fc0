#include "weights/zip_directory.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "../image/scratch.h"
#include "base/error.h"

namespace chestmap {
namespace {

using test::run_judge;
using test::ScratchFolder;
using test::slurp;

std::map<std::string, std::string> entries_of(const std::string& content) {
  std::map<std::string, std::string> entries;
  for (const ZipEntry& entry :
       read_zip_directory(std::as_bytes(std::span(content.data(), content.size())), "f.zip"))
    entries[entry.name] = {reinterpret_cast<const char*>(entry.data.data()), entry.data.size()};
  return entries;
}

std::string refusal(const std::string& content) {
  try {
    (void)entries_of(content);
    return "accepted";
  } catch (const UserError& error) {
    const std::string text = error.what();
    const std::string start = "f.zip is no valid zip archive: ";
    EXPECT_TRUE(text.starts_with(start)) << text;
    return text.substr(start.size());
  }
}

template <typename T>
std::string number(T value) {
  std::string text(sizeof value, '\0');
  std::memcpy(text.data(), &value, sizeof value);
  return text;
}

/// An archive of one stored entry, by hand; each field can be made to lie.
struct Archive {
  std::string name = "a";
  std::string data = "12345";
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t stored = 5;
  std::uint32_t size = 5;
  std::uint32_t offset = 0;
  std::uint16_t local_extra = 0;
  std::uint16_t entries = 1;
  std::uint32_t directory_size = 47;
  std::uint32_t directory_offset = 36;
  int copies = 1;  ///< of the directory's entry

  [[nodiscard]] std::string bytes() const {
    const auto header = [&](bool local) {
      std::string text = local ? "PK\3\4" : std::string("PK\1\2\x14\0", 6);
      text += number<std::uint16_t>(20) + number(flags) + number(method) + std::string(8, '\0') +
              number(stored) + number(size) + number(static_cast<std::uint16_t>(name.size())) +
              number(local ? local_extra : std::uint16_t{0});
      if (!local) text += std::string(10, '\0') + number(offset);
      return text + name;
    };
    std::string out = header(true) + data;
    for (int i = 0; i < copies; ++i) out += header(false);
    return out + "PK\5\6" + std::string(4, '\0') + number(entries) + number(entries) +
           number(directory_size) + number(directory_offset) + number<std::uint16_t>(0);
  }
};

TEST(ZipDirectory, ByHandIsRead) {
  EXPECT_EQ(entries_of(Archive{}.bytes()), (std::map<std::string, std::string>{{"a", "12345"}}));
}

TEST(ZipDirectory, PythonsArchivesAreRead) {
  const ScratchFolder folder;
  if (run_judge("zip_files.py", fmt::format("'{}'", folder.path().string())) != 0)
    GTEST_SKIP() << "python3 is not installed";
  EXPECT_EQ(entries_of(slurp(folder / "stored.zip")),
            (std::map<std::string, std::string>{
                {"a/one.txt", "first"}, {"a/empty", ""}, {"größe", std::string("\0\1\2", 3)}}));
  EXPECT_EQ(entries_of(slurp(folder / "wide.zip")),
            (std::map<std::string, std::string>{{"a", "aaa"}, {"b", "bbb"}}));
}

TEST(ZipDirectory, CompressedEntriesAreListedAndNotInflated) {
  const ScratchFolder folder;
  if (run_judge("zip_files.py", fmt::format("'{}'", folder.path().string())) != 0)
    GTEST_SKIP() << "python3 is not installed";
  for (const auto& [file, method] :
       {std::pair("deflated.zip", 8), {"bzip2.zip", 12}, {"bomb.zip", 8}}) {
    const std::string content = slurp(folder / file);
    const std::vector<ZipEntry> entries =
        read_zip_directory(std::as_bytes(std::span(content.data(), content.size())), file);
    ASSERT_EQ(entries.size(), 1U) << file;
    EXPECT_EQ(entries[0].compression, method) << file;
    EXPECT_TRUE(entries[0].data.empty()) << file;
  }
}

TEST(ZipDirectory, HeadersThatLieAreRefusedWithTheReason) {
  EXPECT_EQ(refusal(Archive{.flags = 1}.bytes()), "entry \"a\" is encrypted");
  EXPECT_EQ(refusal(Archive{.stored = 4}.bytes()), "entry \"a\" is stored in 4 bytes but has 5");
  EXPECT_EQ(refusal(Archive{.stored = 6, .size = 6}.bytes()),
            "entry \"a\" of 6 bytes at 0 lies outside the 36 bytes before the directory");
  EXPECT_EQ(refusal(Archive{.stored = 0xffffffff, .size = 0xffffffff}.bytes()),
            "entry \"a\" of 4294967295 bytes at 0 lies outside the 36 bytes before the directory");
  EXPECT_EQ(refusal(Archive{.offset = 1}.bytes()), "entry \"a\" has no header at 1");
  EXPECT_EQ(refusal(Archive{.offset = 30}.bytes()),
            "entry \"a\" of 5 bytes at 30 lies outside the 36 bytes before the directory");
  EXPECT_EQ(refusal(Archive{.local_extra = 9}.bytes()),
            "entry \"a\" of 5 bytes at 0 lies outside the 36 bytes before the directory");
  EXPECT_EQ(refusal(Archive{.entries = 2}.bytes()), "its directory of 47 bytes claims 2 entries");
  EXPECT_EQ(refusal(Archive{.directory_size = 48}.bytes()),
            "its directory lies at 36 with 48 bytes, the end record at 83");
  EXPECT_EQ(refusal(Archive{.directory_offset = 35}.bytes()),
            "an entry of its directory was expected at 35");
  EXPECT_EQ(refusal(Archive{.entries = 2, .directory_size = 94, .copies = 2}.bytes()),
            "entry \"a\" is listed twice");
}

TEST(ZipDirectory, OverlappingEntriesAreRefused) {
  // Two names for the same bytes, as bombs of overlapping files do.
  std::string content = Archive{.entries = 2, .directory_size = 94, .copies = 2}.bytes();
  content[36 + 47 + 46] = 'b';
  EXPECT_EQ(refusal(content).substr(0, 8), "entries ");
  EXPECT_NE(refusal(content).find("overlap"), std::string::npos);
}

TEST(ZipDirectory, CutAnywhereIsRefused) {
  const std::string content = Archive{}.bytes();
  for (std::size_t size = 0; size < content.size(); ++size)
    EXPECT_NE(refusal(content.substr(0, size)), "accepted") << size;
}

}  // namespace
}  // namespace chestmap
