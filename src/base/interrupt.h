#pragma once

namespace chestmap {

/// While one lives, Ctrl-C (SIGINT) and SIGTERM set a flag instead of ending the program, so that
/// work can be saved; a second signal ends it at once. One at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();

  [[nodiscard]] bool requested() const noexcept;
};

}  // namespace chestmap
