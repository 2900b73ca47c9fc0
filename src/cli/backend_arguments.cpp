#include "cli/backend_arguments.h"

#include <CLI/CLI.hpp>

namespace chestmap {

void add_backend_options(CLI::App& command, BackendArguments& arguments) {
  command
      .add_option(
          "--engine", arguments.engine,
          "own (on the CPU), bf16 or int8 (the same in bfloat16 or in 8 bits, faster where the CPU "
          "has AMX, AVX-512's dot products of 8 bits or AMD's of bfloat16; int8 after `quantize`), "
          "or torch. Other devices than the CPU and maps of gradients are torch's in any case")
      ->check(CLI::IsMember({"own", "bf16", "int8", "torch"}))
      ->capture_default_str();
  command.add_option("--device", arguments.device, "cpu, cuda or cuda:N")->capture_default_str();
  command.add_option("--threads", arguments.threads, "Threads that compute; 0: every core")
      ->check(CLI::Range(0, 1024));
}

}  // namespace chestmap
