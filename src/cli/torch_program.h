#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace chestmap {

/// chestmap-torch, which lies beside this program. Throws UserError where it does not (built
/// without libtorch).
[[nodiscard]] std::filesystem::path torch_program();

/// Replaces this process with chestmap-torch and the same arguments; returns an exit code only
/// where that fails.
[[nodiscard]] int become_torch_program();

/// Runs chestmap-torch and waits; returns its exit code. With `log_prefix` its log lines begin with
/// that text and it draws no progress bar, so that several can run at a time.
[[nodiscard]] int run_torch_program(const std::vector<std::string>& arguments,
                                    const std::string& log_prefix = {});

}  // namespace chestmap
