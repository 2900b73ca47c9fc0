#include "base/file_walk.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <string>

#include "../image/scratch.h"
#include "base/atomic_file.h"

namespace chestmap {
namespace {

using test::ScratchFolder;

/// A file of 5 MB and 100 bytes with a number at each of `places`.
std::string content_with(std::span<const std::size_t> places) {
  std::string content((std::size_t{5} << 20U) + 100, '.');
  for (std::size_t i = 0; i < places.size(); ++i) content[places[i]] = static_cast<char>('0' + i);
  return content;
}

TEST(FileWalk, ShowsWhatIsThereAtPlacesFarApartAndTwice) {
  const ScratchFolder folder;
  const std::array<std::size_t, 4> places = {0, 1U << 20U, (3U << 20U) + 4095,
                                             (std::size_t{5} << 20U) + 99};
  const std::string content = content_with(places);
  write_file(folder / "f", content);
  const MappedFile file(folder / "f");
  {
    FileWalk walk(file, places.size());
    for (int round = 0; round < 2; ++round) {
      // Eight bytes from the third place lie on two pages, and from the last one beyond the end.
      walk.fetch(places, 8);
      for (std::size_t i = 0; i < places.size(); ++i)
        EXPECT_EQ(static_cast<char>(file.bytes()[places[i]]), static_cast<char>('0' + i));
    }
  }
  const auto* text = reinterpret_cast<const char*>(file.bytes().data());
  EXPECT_EQ(std::string_view(text, file.bytes().size()), content);
}

TEST(FileWalk, PlacesBeyondTheEndAndEmptyFilesAreLeftAlone) {
  const ScratchFolder folder;
  write_file(folder / "f", std::string_view("x"));
  write_file(folder / "empty", std::string_view());
  const std::array<std::size_t, 3> places = {0, 1, ~std::size_t{0}};
  for (const char* name : {"f", "empty"}) {
    const MappedFile file(folder / name);
    FileWalk walk(file, 0);
    walk.fetch(places, 30);
    EXPECT_EQ(file.bytes().size(), std::string_view(name) == "f" ? 1U : 0U);
  }
}

TEST(FileWalk, LeavesInTheCacheWhatWasThere) {
  const ScratchFolder folder;
  const std::array<std::size_t, 2> places = {1U << 20U, 3U << 20U};
  const std::string content = content_with(places);
  write_file(folder / "f", content);  // and so it lies in the cache
  const MappedFile file(folder / "f");
  const auto cached = [&](std::size_t offset) {
    unsigned char state = 0;
    EXPECT_EQ(::mincore(const_cast<std::byte*>(file.bytes().data()) + offset, 1, &state), 0);
    return (state & 1U) != 0;
  };
  if (!cached(places[0]) || !cached(places[1])) GTEST_SKIP() << "the system let go of it already";
  { FileWalk(file, 2).fetch(places, 8); }
  EXPECT_TRUE(cached(places[0]));
  EXPECT_TRUE(cached(places[1]));
}

}  // namespace
}  // namespace chestmap
