#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace chestmap {

/// A progress bar on stderr: done of total, rate, time left and a free text. Drawn only where
/// stderr is a terminal, at most ten times a second; elsewhere nothing is printed. Removes itself
/// when it goes.
class Progress {
 public:
  /// `unit` is what is counted, e.g. "images".
  Progress(std::string title, std::size_t total, std::string unit);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void update(std::size_t done, const std::string& text = {});

 private:
  using Clock = std::chrono::steady_clock;

  std::string title_;
  std::size_t total_;
  std::string unit_;
  bool terminal_;
  bool drawn_ = false;
  std::size_t first_done_ = 0;
  bool started_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_draw_;
};

}  // namespace chestmap
