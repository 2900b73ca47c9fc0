#include <array>

#include "cli/commands.h"

int main(int argc, char** argv) {
  using namespace chestmap;
  constexpr std::array<AddCommand, 8> kCommands = {
      add_train_command,     add_evaluate_command,          add_fit_thresholds_command,
      add_calibrate_command, add_localize_command,          add_bench_command,
      add_config_command,    add_export_torchscript_command};
  return run_program(
      argc, argv,
      "Trains and runs models of chest X-ray findings, with libtorch; started by chestmap",
      kCommands);
}
