#pragma once

#include "cli/program.h"

namespace chestmap {

// The subcommands of `chestmap data` that have a file of their own.

void add_prepare_command(CLI::App& data, Action& action);
void add_bench_loader_command(CLI::App& data, Action& action);

}  // namespace chestmap
