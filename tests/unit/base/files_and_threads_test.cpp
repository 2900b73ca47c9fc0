#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "../image/scratch.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/parallel.h"

namespace chestmap {
namespace {

using test::ScratchFolder;
using test::slurp;
using test::spill;

std::set<std::string> files_in(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.insert(entry.path().filename().string());
  return names;
}

TEST(AtomicFile, WritesReplacesAndMakesFolders) {
  const ScratchFolder folder;
  const std::string bytes("a\0b\n\xff", 5);
  write_file(folder / "x/y/z.bin", bytes);
  EXPECT_EQ(read_file(folder / "x/y/z.bin"), bytes);
  write_file(folder / "x/y/z.bin", std::string_view("short"));
  EXPECT_EQ(slurp(folder / "x/y/z.bin"), "short");
  write_file(folder / "x/y/z.bin", std::string_view());
  EXPECT_EQ(slurp(folder / "x/y/z.bin"), "");
  EXPECT_EQ(files_in(folder / "x/y"), std::set<std::string>{"z.bin"});
}

/// While it lives, no file of this process may grow beyond `bytes`, as on a full disk.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  SizeLimit(const SizeLimit&) = delete;
  SizeLimit& operator=(const SizeLimit&) = delete;
  ~SizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit old_{};
  void (*handler_)(int);
};

TEST(AtomicFile, AWriteThatFailsHalfWayLeavesTheOldFileAndNothingElse) {
  const ScratchFolder folder;
  write_file(folder / "x", std::string_view("old"));
  {
    const SizeLimit limit(4096);
    EXPECT_THROW(write_file(folder / "x", std::string(10'000, 'n')), UserError);
  }
  EXPECT_EQ(slurp(folder / "x"), "old");
  EXPECT_EQ(files_in(folder.path()), std::set<std::string>{"x"});
}

TEST(AtomicFile, ATargetThatIsAFolderOrLiesUnderAFileIsAUserErrorThatNamesIt) {
  const ScratchFolder folder;
  spill(folder / "target/inside", "kept");
  try {
    write_file(folder / "target", std::string_view("new"));
    FAIL();
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find((folder / "target").string() + ": "),
              std::string::npos)
        << error.what();
  }
  EXPECT_EQ(files_in(folder.path()), std::set<std::string>{"target"});
  EXPECT_EQ(slurp(folder / "target/inside"), "kept");
  EXPECT_THROW(write_file(folder / "target/inside/x", std::string_view("new")), UserError);
  EXPECT_EQ(slurp(folder / "target/inside"), "kept");
  EXPECT_THROW(make_folder(folder / "target/inside"), UserError);
}

TEST(AtomicFile, ManyWritersOfOneFileLeaveOneOfTheirContents) {
  const ScratchFolder folder;
  parallel_for(32, 4, [&](std::size_t i) {
    write_file(folder / "x", std::string(1000, static_cast<char>('a' + i % 26)));
  });
  const std::string content = slurp(folder / "x");
  ASSERT_EQ(content.size(), 1000U);
  EXPECT_EQ(std::count(content.begin(), content.end(), content[0]), 1000);
  EXPECT_EQ(files_in(folder.path()), std::set<std::string>{"x"});
}

TEST(ReadFile, OfNothingOrAFolderIsAUserError) {
  const ScratchFolder folder;
  EXPECT_THROW((void)read_file(folder / "none"), UserError);
  EXPECT_THROW((void)read_file(folder.path()), UserError);
}

TEST(ReadFile, ReadsToTheEndWhateverTheSizeSays) {
  const ScratchFolder folder;
  for (const std::size_t size : {0U, 1U, 4095U, 4096U, 4097U, 100000U}) {
    const std::string content(size, 'x');
    write_file(folder / "f", content);
    EXPECT_EQ(read_file(folder / "f"), content);
  }
  // The system says 0 of it.
  EXPECT_GT(read_file("/proc/cpuinfo").size(), 100U);
  // A pipe has no size either.
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const std::string long_text(300000, 'y');
  std::jthread writer([&] { std::ofstream(folder / "pipe") << long_text; });
  EXPECT_EQ(read_file(folder / "pipe"), long_text);
}

TEST(ParallelFor, CallsEveryIndexOnce) {
  for (const std::size_t threads : {0U, 1U, 3U, 50U})
    for (const std::size_t count : {0U, 1U, 2U, 1000U}) {
      std::vector<std::atomic<int>> calls(count);
      parallel_for(count, threads, [&](std::size_t i) { ++calls.at(i); });
      for (const std::atomic<int>& times : calls) ASSERT_EQ(times, 1);
    }
}

TEST(ParallelFor, RunsAsManyThreadsAtOnceAsAskedFor) {
  // Each waits for the others: with fewer threads this would never end.
  std::atomic<int> arrived{0};
  parallel_for(3, 3, [&](std::size_t) {
    ++arrived;
    while (arrived < 3) std::this_thread::yield();
  });
  EXPECT_EQ(arrived, 3);
}

TEST(ParallelFor, PassesTheFirstExceptionOnAndStops) {
  for (const std::size_t threads : {1U, 4U}) {
    std::atomic<std::size_t> calls{0};
    try {
      parallel_for(100'000, threads, [&](std::size_t i) {
        ++calls;
        if (i == 5) throw std::runtime_error("the fifth");
      });
      FAIL();
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "the fifth");
    }
    EXPECT_GE(calls, 6U);
    EXPECT_LT(calls, 100'000U);
  }
}

TEST(InterruptGuard, TurnsASignalIntoARequest) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const InterruptGuard guard;
    EXPECT_FALSE(guard.requested());
    std::raise(signal);
    EXPECT_TRUE(guard.requested());
  }
  const InterruptGuard fresh;
  EXPECT_FALSE(fresh.requested());
}

TEST(InterruptGuardDeathTest, LetsASecondSignalEndTheProgram) {
  const auto twice = [] {
    const InterruptGuard guard;
    std::raise(SIGINT);
    std::raise(SIGINT);
  };
  EXPECT_EXIT(twice(), testing::KilledBySignal(SIGINT), "");
  const auto afterwards = [] {
    { const InterruptGuard guard; }
    std::raise(SIGTERM);
  };
  EXPECT_EXIT(afterwards(), testing::KilledBySignal(SIGTERM), "");
}

TEST(NearestWord, IsThatOfTheFewestEdits) {
  const std::vector<std::string> words = {"train.epochs", "train.batch", "seed"};
  EXPECT_EQ(nearest_word("train.epoch", words), "train.epochs");   // one added
  EXPECT_EQ(nearest_word("train.eopchs", words), "train.epochs");  // two replaced
  EXPECT_EQ(nearest_word("trainbatch", words), "train.batch");     // one left out
  EXPECT_EQ(nearest_word("sed", words), "seed");
  EXPECT_EQ(nearest_word("seed", words), "seed");
}

TEST(NearestWord, IsNoneWhereMoreThanAThirdDiffers) {
  EXPECT_EQ(nearest_word("abcdefghi", {"abcdefxyz"}), "abcdefxyz");  // 3 of 9
  EXPECT_EQ(nearest_word("abcdefghi", {"abcdewxyz"}), "");           // 4 of 9
  EXPECT_EQ(nearest_word("ab", {"xy"}), "xy");                       // two edits are always near
  EXPECT_EQ(nearest_word("ab", {"xyz"}), "");
  EXPECT_EQ(nearest_word("word", {}), "");
}

TEST(UserErrorText, CarriesPlaceAndHint) {
  EXPECT_EQ(at_row("a/b.csv", 12, "no number"), "a/b.csv:12: no number");
  const UserError error("what", "do this");
  EXPECT_STREQ(error.what(), "what");
  EXPECT_EQ(error.hint(), "do this");
  EXPECT_TRUE(UserError("what").hint().empty());
}

}  // namespace
}  // namespace chestmap
