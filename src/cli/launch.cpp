#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/free_port.h"
#include "base/interrupt.h"
#include "cli/commands.h"
#include "cli/rank_process.h"
#include "cli/torch_program.h"

namespace chestmap {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{100};  // between looks at what has ended

struct Arguments {
  int ranks = 0;
  int end_within = 10;  // seconds
  std::vector<std::string> command;
};

/// The ranks of one run on this machine.
class Ranks {
 public:
  explicit Ranks(const Arguments& arguments) : end_within_(arguments.end_within) {
    const std::string program = torch_program().string();
    const std::string port = std::to_string(free_port());
    const std::string ranks = std::to_string(arguments.ranks);
    for (int r = 0; r < arguments.ranks; ++r) {
      const std::string rank = std::to_string(r);
      processes_.push_back(std::make_unique<RankProcess>(
          program, arguments.command,
          std::vector<std::pair<std::string, std::string>>{{"RANK", rank},
                                                           {"WORLD_SIZE", ranks},
                                                           {"LOCAL_RANK", rank},
                                                           {"LOCAL_WORLD_SIZE", ranks},
                                                           {"MASTER_ADDR", "127.0.0.1"},
                                                           {"MASTER_PORT", port},
                                                           {"TORCHELASTIC_USE_AGENT_STORE", ""}},
          /*captured=*/r > 0));
      said_.emplace_back();
    }
  }

  /// Waits for all; the exit code.
  int wait() {
    const InterruptGuard interrupt;
    bool interrupted = false;
    while (running()) {
      look();
      if (interrupt.requested() && !interrupted) {
        interrupted = true;
        for (const auto& process : processes_) process->send(SIGINT);
      }
      if (first_failure_ && Clock::now() > *first_failure_ + std::chrono::seconds(end_within_))
        kill_rest();
    }
    for (std::size_t r = 0; r < processes_.size(); ++r)
      while (processes_[r]->output() >= 0) keep(r, processes_[r]->read_lines());
    return conclude();
  }

 private:
  bool running() {
    bool any = false;
    for (const auto& process : processes_) {
      const auto& end = process->poll();
      any |= !end;
      if (end && end->code != 0 && end->code != kInterrupted && !first_failure_)
        first_failure_ = Clock::now();
    }
    return any;
  }

  void kill_rest() {
    for (std::size_t r = 0; r < processes_.size(); ++r) {
      if (processes_[r]->poll()) continue;
      processes_[r]->send(SIGKILL);
      silent_.insert(r);
    }
  }

  /// Reads what the ranks say, or waits a little.
  void look() {
    std::vector<pollfd> inputs;
    std::vector<std::size_t> ranks;
    for (std::size_t r = 0; r < processes_.size(); ++r)
      if (processes_[r]->output() >= 0) {
        inputs.push_back({processes_[r]->output(), POLLIN, 0});
        ranks.push_back(r);
      }
    if (::poll(inputs.data(), inputs.size(), static_cast<int>(kLook.count())) <= 0) return;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      if (inputs[i].revents != 0) keep(ranks[i], processes_[ranks[i]]->read_lines());
  }

  void keep(std::size_t rank, const std::vector<std::string>& lines) {
    said_[rank].insert(said_[rank].end(), lines.begin(), lines.end());
  }

  /// Prints what other ranks than 0 said, and which one ended the run.
  int conclude() {
    std::optional<std::size_t> cause;
    int code = 0;
    for (std::size_t r = 0; r < processes_.size(); ++r) {
      const ProcessEnd end = *processes_[r]->poll();
      // Ranks that lost others are none, nor those that were killed here.
      const bool own = end.code != kLostRanks && !silent_.contains(r);
      if (end.code != 0 && end.code != kInterrupted && own && !cause) cause = r;
      if (end.code != 0 && code == 0) code = end.code;
    }
    for (std::size_t r = 0; r < processes_.size(); ++r)
      if (processes_[r]->poll()->code != kLostRanks || !cause)
        for (const std::string& line : said_[r]) fmt::print(stderr, "[rank {}] {}\n", r, line);
    if (code == 0 || code == kInterrupted) return code;
    fmt::print(stderr, "error: {}\n", cause ? reason(*cause) : hang());
    fmt::print(
        stderr,
        "hint: once that is mended, `train --resume` goes on from the last checkpoint, with any "
        "number of ranks\n");
    return 1;
  }

  [[nodiscard]] std::string reason(std::size_t rank) const {
    const ProcessEnd end = *processes_[rank]->poll();
    const std::string how =
        end.signal != 0 ? fmt::format("was killed by signal {} ({})", end.signal,
                                      ::strsignal(end.signal))  // NOLINT(concurrency-mt-unsafe)
                        : fmt::format("ended with exit code {}", end.code);
    return fmt::format("rank {} {}; all {} ranks were ended", rank, how, processes_.size());
  }

  [[nodiscard]] std::string hang() const {
    if (silent_.empty()) return "the ranks lost each other, and none says why";
    return fmt::format("rank {} did not answer the others and was killed",
                       fmt::join(silent_, ", "));
  }

  int end_within_;
  std::vector<std::unique_ptr<RankProcess>> processes_;
  std::vector<std::vector<std::string>> said_;  // of each rank that is captured
  std::optional<Clock::time_point> first_failure_;
  std::set<std::size_t> silent_;  // ranks that did not end by themselves, and were killed
};

int launch_command(const Arguments& arguments) {
  if (arguments.command.front() != "train")
    throw UserError(fmt::format("launch starts `train`, not \"{}\"", arguments.command.front()),
                    "chestmap launch -n 2 -- train --data nih --out runs/first");
  return Ranks(arguments).wait();
}

}  // namespace

void add_launch_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("launch", "Start a command in several processes that train together");
  command->footer(
      "Example:\n  chestmap launch -n 4 -- train --data nih --out runs/first --device cuda\n"
      "Several machines: torchrun, mpirun or srun start `chestmap-torch train` alike.");
  command->add_option("-n,--ranks", arguments->ranks, "Processes on this machine")
      ->required()
      ->check(CLI::Range(1, 1024));
  command
      ->add_option("--end-within", arguments->end_within,
                   "Seconds after one has failed until those that still run are killed")
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
  command->add_option("command", arguments->command, "train and its arguments, after --")
      ->required();
  command->callback(
      [arguments, &action] { action = [arguments] { return launch_command(*arguments); }; });
}

}  // namespace chestmap
