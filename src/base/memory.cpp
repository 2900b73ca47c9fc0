#include "base/memory.h"

#include <malloc.h>

namespace chestmap {

void keep_freed_memory() noexcept {
  constexpr int kLargestBlock = 1 << 30;
  ::mallopt(M_MMAP_THRESHOLD, kLargestBlock);
  ::mallopt(M_TRIM_THRESHOLD, kLargestBlock);
}

}  // namespace chestmap
