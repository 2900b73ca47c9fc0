// bench_loading load|read FILE REPEATS: for each repeat a line with the seconds, by the wall and of
// the processor, that it took to open the weight file and to copy every tensor into memory of its
// own (load), or to read the same bytes by read(2) (read). bench/loading.py runs it.

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "weights/weight_file.h"

namespace {

class Stopwatch {
 public:
  [[nodiscard]] std::string seconds() const {
    const double wall =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    const double processor =
        static_cast<double>(std::clock() - processor_) / static_cast<double>(CLOCKS_PER_SEC);
    return fmt::format("{:.6f} {:.6f}", wall, processor);
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::clock_t processor_ = std::clock();
};

std::string load(const std::string& path) {
  const Stopwatch watch;
  chestmap::WeightFile file = chestmap::read_weights(path);
  // In the order in which they lie in the file, as `weights convert` reads them.
  std::sort(file.tensors.begin(), file.tensors.end(), [](const auto& a, const auto& b) {
    return std::less<>()(a.data.data(), b.data.data());
  });
  std::vector<std::vector<std::byte>> tensors;
  for (const chestmap::StoredTensor& tensor : file.tensors)
    tensors.push_back(chestmap::row_major_bytes(tensor));
  return watch.seconds();
}

/// The floor: the file's bytes into blocks of 1 MiB.
std::string read_all(const std::string& path) {
  const Stopwatch watch;
  const int descriptor = ::open(path.c_str(), O_RDONLY);
  const auto size = static_cast<std::size_t>(::lseek(descriptor, 0, SEEK_END));
  ::lseek(descriptor, 0, SEEK_SET);
  constexpr std::size_t kBlock = 1 << 20;
  std::vector<void*> blocks;
  for (std::size_t done = 0; done < size;) {
    blocks.push_back(std::malloc(kBlock));  // not zeroed, as a vector would be
    const ssize_t got = ::read(descriptor, blocks.back(), kBlock);
    if (got <= 0) std::exit(1);
    done += static_cast<std::size_t>(got);
  }
  ::close(descriptor);
  std::string seconds = watch.seconds();
  for (void* block : blocks) std::free(block);
  return seconds;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: bench_loading load|read FILE REPEATS\n");
    return 1;
  }
  // Python's repeats reuse the memory of the one before, since CPython's process keeps it. Fresh
  // memory costs more time than the copy; so that the same is measured, this one keeps it too.
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  try {
    for (int i = 0; i < std::stoi(argv[3]); ++i)
      fmt::print("{}\n", std::string(argv[1]) == "load" ? load(argv[2]) : read_all(argv[2]));
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 1;
  }
  return 0;
}
