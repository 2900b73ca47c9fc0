#include "kernels/blocked.h"

#include <sys/mman.h>

#include <cstdint>
#include <mutex>
#include <new>
#include <vector>

namespace chestmap::kernels {
namespace {

constexpr std::size_t cache_line = 64;
constexpr std::size_t huge_page = std::size_t{1} << 21;

constexpr std::size_t up_to(std::size_t unit, std::size_t bytes) {
  return (bytes + unit - 1) / unit * unit;
}

/// Zeroed memory of the system, a whole number of huge pages, given back with its last owner.
std::shared_ptr<float[]> pages(std::size_t bytes) {
  // Twice the alignment holds an aligned place; what lies round it is never touched.
  const std::size_t mapped = up_to(huge_page, bytes) + huge_page;
  void* const start =
      ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) throw std::bad_alloc();
  const auto address = reinterpret_cast<std::uintptr_t>(start);
  auto* const aligned = static_cast<std::byte*>(start) + (up_to(huge_page, address) - address);
  // Not the last, of which a part may never be needed.
  ::madvise(aligned, bytes / huge_page * huge_page, MADV_HUGEPAGE);
  return {reinterpret_cast<float*>(aligned),
          [start, mapped](float* /*memory*/) { ::munmap(start, mapped); }};
}

/// Pages that small pieces are cut from, until the last of these goes.
struct Cut {
  std::weak_ptr<float[]> from;
  std::size_t used = 0;  // bytes
};

std::shared_ptr<float[]> zeroed(std::size_t bytes) {
  constexpr std::size_t together = 16 * huge_page;
  constexpr std::size_t most_cuts = 8;
  if (bytes > together / 2) return pages(bytes);
  static std::mutex mutex;
  static std::vector<Cut> cuts;  // what large pieces leave of one, smaller ones fill
  const auto piece = [&](Cut& cut, const std::shared_ptr<float[]>& from) {
    float* const start = from.get() + cut.used / sizeof(float);
    cut.used += up_to(cache_line, bytes);
    return std::shared_ptr<float[]>(from, start);
  };
  const std::lock_guard lock(mutex);
  std::erase_if(cuts, [](const Cut& cut) { return cut.from.expired(); });
  for (Cut& cut : cuts)
    if (cut.used + bytes <= together)
      if (const auto from = cut.from.lock()) return piece(cut, from);
  if (cuts.size() == most_cuts) cuts.erase(cuts.begin());
  const auto from = pages(together);
  return piece(cuts.emplace_back(Cut{from}), from);
}

}  // namespace

AlignedFloats::AlignedFloats(std::size_t size)
    : memory_(zeroed(size * sizeof(float))), size_(size) {}

}  // namespace chestmap::kernels
