#pragma once

namespace chestmap {

/// Keeps freed memory in the process: by default glibc gives each large block back to the system
/// and faults its pages in again for the next one, which costs a third of the time of training on a
/// CPU. For programs that go on allocating large blocks of the same sizes.
void keep_freed_memory() noexcept;

}  // namespace chestmap
