#include "base/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/log.h"

namespace chestmap {

namespace {

constexpr int kBarWidth = 24;

std::string clock_text(double seconds) {
  const long whole = std::lround(seconds);
  if (whole >= 3600)
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

Progress::Progress(std::string title, std::size_t total, std::string unit)
    : title_(std::move(title)),
      total_(total),
      unit_(std::move(unit)),
      terminal_(::isatty(STDERR_FILENO) == 1 && std::getenv(kLogPrefixVariable) == nullptr) {
}  // NOLINT(concurrency-mt-unsafe)

Progress::~Progress() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
}

void Progress::update(std::size_t done, const std::string& text) {
  if (!terminal_) return;
  const auto now = Clock::now();
  if (!started_) {
    started_ = true;
    first_done_ = done;
    start_ = now;
  } else if (now - last_draw_ < std::chrono::milliseconds(100) && done < total_) {
    return;
  }
  last_draw_ = now;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const double rate = elapsed > 0 ? static_cast<double>(done - first_done_) / elapsed : 0.0;
  const double share =
      total_ > 0 ? std::min(1.0, static_cast<double>(done) / static_cast<double>(total_)) : 1.0;
  const auto filled = static_cast<int>(share * kBarWidth);
  const std::string left =
      rate > 0 ? clock_text(static_cast<double>(total_ - std::min(done, total_)) / rate) : "-:--";
  fmt::print(stderr, "\r\x1b[K{} [{:=<{}}{: <{}}] {}/{} {:.0f} {}/s, {} left{}{}", title_, "",
             filled, "", kBarWidth - filled, done, total_, rate, unit_, left,
             text.empty() ? "" : ", ", text);
  std::fflush(stderr);
  drawn_ = true;
}

}  // namespace chestmap
