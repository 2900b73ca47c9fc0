#include "cli/rank_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/error.h"

namespace chestmap {

namespace {

std::string reason() { return std::strerror(errno); }  // NOLINT(concurrency-mt-unsafe)

std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> settings;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string setting = *entry;
    bool replaced = false;
    for (const auto& [name, value] : variables) replaced |= setting.starts_with(name + "=");
    if (!replaced) settings.push_back(setting);
  }
  for (const auto& [name, value] : variables) settings.push_back(name + "=" + value);
  return settings;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

RankProcess::RankProcess(const std::string& program, const std::vector<std::string>& arguments,
                         const std::vector<std::pair<std::string, std::string>>& variables,
                         bool captured) {
  // All made before the fork: between fork and exec nothing may allocate.
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const std::vector<char*> argv = pointers(words);
  std::vector<std::string> settings = environment_with(variables);
  const std::vector<char*> environment = pointers(settings);
  std::array<int, 2> pipe = {-1, -1};
  if (captured && ::pipe2(pipe.data(), O_CLOEXEC) != 0)
    throw UserError("cannot make a pipe: " + reason());
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ == 0) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // NOLINT(cppcoreguidelines-pro-type-vararg)
    if (::getppid() != parent) ::_exit(127);
    if (captured) {
      ::dup2(pipe[1], STDOUT_FILENO);
      ::dup2(pipe[1], STDERR_FILENO);
    }
    ::execve(program.c_str(), argv.data(), environment.data());
    ::_exit(127);
  }
  if (captured) {
    ::close(pipe[1]);
    output_ = pipe[0];
  }
  if (process_ < 0) {
    if (captured) ::close(pipe[0]);
    throw UserError("cannot start " + program + ": " + reason());
  }
}

RankProcess::~RankProcess() {
  if (output_ >= 0) ::close(output_);
  if (end_) return;
  ::kill(process_, SIGKILL);
  int status = 0;
  while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
}

const std::optional<ProcessEnd>& RankProcess::poll() {
  int status = 0;
  if (!end_ && ::waitpid(process_, &status, WNOHANG) == process_) {
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end_ = ProcessEnd{signal != 0 ? 128 + signal : WEXITSTATUS(status), signal};
  }
  return end_;
}

void RankProcess::send(int signal) const {
  if (!end_) ::kill(process_, signal);
}

std::vector<std::string> RankProcess::read_lines() {
  std::vector<std::string> lines;
  if (output_ < 0) return lines;
  std::array<char, 4096> block{};
  const ssize_t count = ::read(output_, block.data(), block.size());
  if (count < 0 && errno == EINTR) return lines;
  if (count > 0) partial_.append(block.data(), static_cast<std::size_t>(count));
  for (std::size_t end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n')) {
    lines.push_back(partial_.substr(0, end));
    partial_.erase(0, end + 1);
  }
  if (count > 0) return lines;
  if (!partial_.empty()) lines.push_back(std::move(partial_));
  partial_.clear();
  ::close(output_);
  output_ = -1;
  return lines;
}

}  // namespace chestmap
