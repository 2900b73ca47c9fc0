#include "kernels/blocked.h"

#include <sys/mman.h>

#include <cstdint>
#include <mutex>
#include <new>

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

/// The pages that small pieces are cut from.
struct Cut {
  std::mutex mutex;
  std::shared_ptr<float[]> from;
  std::size_t used = 0;  // bytes
};

std::shared_ptr<float[]> zeroed(std::size_t bytes) {
  constexpr std::size_t together = 16 * huge_page;
  if (bytes > together / 2) return pages(bytes);
  static Cut cut;
  const std::lock_guard lock(cut.mutex);
  if (!cut.from || cut.used + bytes > together) {
    cut.from = pages(together);
    cut.used = 0;
  }
  std::shared_ptr<float[]> piece(cut.from, cut.from.get() + cut.used / sizeof(float));
  cut.used += up_to(cache_line, bytes);
  return piece;
}

}  // namespace

AlignedFloats::AlignedFloats(std::size_t size)
    : memory_(zeroed(size * sizeof(float))), size_(size) {}

}  // namespace chestmap::kernels
