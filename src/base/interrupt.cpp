#include "base/interrupt.h"

#include <csignal>

namespace chestmap {

namespace {

volatile std::sig_atomic_t signalled = 0;

extern "C" void chestmap_on_signal(int signal) {
  signalled = 1;
  // The second one is not ours: the user means it.
  std::signal(signal, SIG_DFL);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  signalled = 0;
  std::signal(SIGINT, chestmap_on_signal);
  std::signal(SIGTERM, chestmap_on_signal);
}

InterruptGuard::~InterruptGuard() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool InterruptGuard::requested() const noexcept { return signalled != 0; }

}  // namespace chestmap
