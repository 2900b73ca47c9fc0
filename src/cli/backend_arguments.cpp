#include "cli/backend_arguments.h"

#include <CLI/CLI.hpp>

namespace chestmap {

void add_backend_options(CLI::App& command, BackendArguments& arguments) {
  command
      .add_option(
          "--engine", arguments.engine,
          "own (on the CPU), bf16 (the own one in bfloat16, faster where the CPU has AMX), or "
          "torch. Other devices than the CPU and maps of gradients are "
          "torch's in any case")
      ->check(CLI::IsMember({"own", "bf16", "torch"}))
      ->capture_default_str();
  command.add_option("--device", arguments.device, "cpu, cuda or cuda:N")->capture_default_str();
  command.add_option("--threads", arguments.threads, "Threads that compute; 0: every core")
      ->check(CLI::Range(0, 1024));
}

}  // namespace chestmap
