#pragma once

#include "cli/program.h"

namespace chestmap {

// One function a subcommand, each in the file of its name.

void add_data_command(CLI::App& app, Action& action);
void add_launch_command(CLI::App& app, Action& action);
void add_demo_command(CLI::App& app, Action& action);
void add_quantize_command(CLI::App& app, Action& action);
void add_report_command(CLI::App& app, Action& action);
void add_card_command(CLI::App& app, Action& action);
void add_export_command(CLI::App& app, Action& action);
void add_score_command(CLI::App& app, Action& action);
void add_weights_command(CLI::App& app, Action& action);

// Of both programs, each with its back end (cli/backend_arguments.h).
void add_evaluate_command(CLI::App& app, Action& action);
void add_bench_command(CLI::App& app, Action& action);
void add_localize_command(CLI::App& app, Action& action);
void add_fit_thresholds_command(CLI::App& app, Action& action);
void add_calibrate_command(CLI::App& app, Action& action);

// Of chestmap-torch.
void add_train_command(CLI::App& app, Action& action);
void add_config_command(CLI::App& app, Action& action);
void add_export_torchscript_command(CLI::App& app, Action& action);

}  // namespace chestmap
