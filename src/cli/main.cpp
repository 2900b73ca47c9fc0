#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "cli/commands.h"
#include "cli/torch_program.h"

namespace {

constexpr std::array<std::string_view, 2> kTorchCommands = {"train", "config"};

void add_torch_commands(CLI::App& app, chestmap::Action& /*action*/) {
  // For --help alone: main hands these over before anything is parsed.
  app.add_subcommand("train", "Train a model on image-level labels");
  app.add_subcommand("config", "Print every configuration key with its default");
}

/// Whether chestmap-torch alone has the command.
bool is_torch_command(int argc, char** argv) {
  if (argc > 2 && argv[1] == std::string_view("export"))
    return argv[2] == std::string_view("torchscript");
  return argc > 1 &&
         std::find(kTorchCommands.begin(), kTorchCommands.end(), argv[1]) != kTorchCommands.end();
}

}  // namespace

int main(int argc, char** argv) {
  using namespace chestmap;
  if (is_torch_command(argc, argv)) return become_torch_program();
  constexpr std::array<AddCommand, 15> kCommands = {
      add_torch_commands,    add_launch_command,   add_demo_command,   add_data_command,
      add_localize_command,  add_evaluate_command, add_score_command,  add_fit_thresholds_command,
      add_calibrate_command, add_quantize_command, add_report_command, add_card_command,
      add_export_command,    add_weights_command,  add_bench_command};
  return run_program(argc, argv, "Weakly supervised localization of chest X-ray findings",
                     kCommands);
}
