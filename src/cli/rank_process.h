#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace chestmap {

/// How a process ended.
struct ProcessEnd {
  int code = 0;    ///< its exit code; 128 + signal where one killed it
  int signal = 0;  ///< that killed it, or 0
};

/// A child process with a process group of its own, so that Ctrl-C in a terminal does not reach it
/// by itself, that the system kills when this one ends.
class RankProcess {
 public:
  /// Starts `program` with `variables` set in this process's environment. Where `captured` is true,
  /// what it writes to stdout and stderr comes through `read_lines` instead of going where this
  /// process's goes. Throws UserError where it cannot be started.
  RankProcess(const std::string& program, const std::vector<std::string>& arguments,
              const std::vector<std::pair<std::string, std::string>>& variables, bool captured);
  RankProcess(const RankProcess&) = delete;
  RankProcess& operator=(const RankProcess&) = delete;
  /// Kills it where it still runs.
  ~RankProcess();

  /// How it ended, or nothing while it runs.
  [[nodiscard]] const std::optional<ProcessEnd>& poll();
  void send(int signal) const;

  /// The descriptor to wait on for output; -1 where nothing is captured, or no more comes.
  [[nodiscard]] int output() const noexcept { return output_; }
  /// The whole lines that have come since the last call; the rest too once the process has closed
  /// its end.
  [[nodiscard]] std::vector<std::string> read_lines();

 private:
  pid_t process_ = -1;
  int output_ = -1;
  std::string partial_;
  std::optional<ProcessEnd> end_;
};

}  // namespace chestmap
