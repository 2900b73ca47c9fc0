#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

namespace chestmap::engine {

/// Threads that share the work of one caller, over and over: they wait for work with their eyes
/// open for a moment, since a layer follows the other within microseconds, and sleep after it. A
/// thread that wakes too late to help is not waited for. Each begins with a share of the items that
/// is its own, the first items the caller's, so that it reads what it wrote for the layer before;
/// then it takes what others have left of theirs.
class Team {
 public:
  /// `item` counts the work, `member` the team's threads from 0.
  using Work = std::function<void(std::size_t item, std::size_t member)>;

  /// So many threads, the caller among them.
  explicit Team(std::size_t size);
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team();

  [[nodiscard]] std::size_t size() const noexcept { return threads_.size() + 1; }

  /// Does each of `items` once and returns when all are done. `work` must not throw. One thread at
  /// a time may call it.
  void run(std::size_t items, const Work& work);

 private:
  void help(std::size_t member);
  void take_items(std::size_t member);
  [[nodiscard]] std::size_t first_of(std::size_t share) const;

  const Work* work_ = nullptr;
  std::size_t items_ = 0;
  /// The next item of a member's share, on a line of the cache of its own.
  struct alignas(64) Next {
    std::atomic<std::size_t> item{0};
  };
  std::vector<Next> next_;
  std::atomic<std::size_t> helping_{0};
  std::atomic<bool> open_{false};
  std::atomic<unsigned> round_{0};
  std::atomic<bool> ended_{false};
  std::vector<std::jthread> threads_;
};

}  // namespace chestmap::engine
