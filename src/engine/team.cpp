#include "engine/team.h"

#include <algorithm>

namespace chestmap::engine {

namespace {

/// Looks before a thread sleeps: some 20 microseconds.
constexpr int kLooks = 500;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

Team::Team(std::size_t size) : next_(std::max<std::size_t>(size, 1)) {
  for (std::size_t member = 1; member < size; ++member)
    threads_.emplace_back([this, member] { help(member); });
}

Team::~Team() {
  ended_ = true;
  ++round_;
  round_.notify_all();
}

std::size_t Team::first_of(std::size_t share) const { return items_ * share / size(); }

void Team::take_items(std::size_t member) {
  for (std::size_t turn = 0; turn < size(); ++turn) {
    const std::size_t share = (member + turn) % size();
    const std::size_t end = first_of(share + 1);
    for (std::size_t item = next_[share].item++; item < end; item = next_[share].item++)
      (*work_)(item, member);
  }
}

void Team::help(std::size_t member) {
  unsigned seen = 0;
  while (true) {
    for (int look = 0; look < kLooks && round_ == seen; ++look) pause();
    round_.wait(seen);
    seen = round_;
    if (ended_) return;
    // Whoever has registered here is waited for; what is read next is of a round that is open, this
    // one or a later one.
    ++helping_;
    if (open_) take_items(member);
    --helping_;
  }
}

void Team::run(std::size_t items, const Work& work) {
  if (threads_.empty() || items <= 1) {
    for (std::size_t item = 0; item < items; ++item) work(item, 0);
    return;
  }
  work_ = &work;
  items_ = items;
  for (std::size_t member = 0; member < size(); ++member) next_[member].item = first_of(member);
  open_ = true;
  ++round_;
  round_.notify_all();
  take_items(0);
  open_ = false;
  while (helping_ > 0) pause();
}

}  // namespace chestmap::engine
