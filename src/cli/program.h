#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <span>
#include <string>

#include "base/error.h"

namespace chestmap {

/// Adds a subcommand to `app`; its callback stores what is to run in `action`, which returns the
/// exit code.
using Action = std::function<int()>;
using AddCommand = void (*)(CLI::App& app, Action& action);

/// Parses the command line, runs the chosen command and turns errors into exit codes: 0 done, 1 the
/// user's error (printed with its hint), 2 a bug, 130 stopped by Ctrl-C with the work saved.
[[nodiscard]] int run_program(int argc, char** argv, const std::string& description,
                              std::span<const AddCommand> commands);

inline constexpr int kInterrupted = 130;
/// Of a rank that could not go on because another one ended.
inline constexpr int kLostRanks = 3;

/// Prints the error and its hint; the exit code for it.
[[nodiscard]] int report_user_error(const UserError& error);

}  // namespace chestmap
