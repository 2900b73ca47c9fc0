#include "cli/torch_program.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "base/error.h"
#include "base/log.h"

namespace chestmap {

namespace {

/// The arguments that this process was started with.
std::vector<std::string> own_arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(file, argument, '\0');) arguments.push_back(argument);
  return arguments;
}

std::string reason() { return std::strerror(errno); }  // NOLINT(concurrency-mt-unsafe)

}  // namespace

std::filesystem::path torch_program() {
  std::filesystem::path program =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "chestmap-torch";
  if (!std::filesystem::exists(program))
    throw UserError("this command needs chestmap-torch, and " + program.string() + " is not there",
                    "build with -DCHESTMAP_TORCH=ON");
  return program;
}

int become_torch_program() {
  try {
    const std::string program = torch_program().string();
    std::vector<std::string> arguments = own_arguments();
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    ::execv(program.c_str(), argv.data());
    fmt::print(stderr, "error: cannot start {}: {}\n", program, reason());
  } catch (const UserError& error) {
    fmt::print(stderr, "error: {}\nhint: {}\n", error.what(), error.hint());
  }
  return 1;
}

int run_torch_program(const std::vector<std::string>& arguments, const std::string& log_prefix) {
  const std::string program = torch_program().string();
  std::vector<std::string> owned = {program};
  owned.insert(owned.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& argument : owned) argv.push_back(argument.data());
  argv.push_back(nullptr);
  // Made before the fork: between fork and exec nothing may allocate, since other threads may hold
  // locks.
  std::vector<std::string> settings;
  for (char** entry = environ; *entry != nullptr; ++entry) settings.emplace_back(*entry);
  if (!log_prefix.empty()) settings.push_back(std::string(kLogPrefixVariable) + "=" + log_prefix);
  std::vector<char*> environment;
  for (std::string& setting : settings) environment.push_back(setting.data());
  environment.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw UserError("cannot start " + program + ": " + reason());
  if (child == 0) {
    ::execve(program.c_str(), argv.data(), environment.data());
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) throw UserError("cannot wait for " + program + ": " + reason());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace chestmap
