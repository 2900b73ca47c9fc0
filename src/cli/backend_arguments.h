#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "localize/backend.h"

namespace chestmap {

/// What runs a model for a command.
struct BackendArguments {
  std::string engine = "own";  ///< "own", "bf16" and "int8" (the own in fewer bits), "torch"
  std::string device = "cpu";  ///< "cpu", "cuda", "cuda:N"; others than the CPU are libtorch's
  std::int64_t threads = 0;    ///< 0: every core
};

/// --engine, --device and --threads.
void add_backend_options(CLI::App& command, BackendArguments& arguments);

// Of each program its own: chestmap has the own engine, chestmap-torch libtorch.

/// Whether chestmap-torch has to do what is asked for; it says no itself. `gradients`: maps of
/// gradients, or training, are wanted.
[[nodiscard]] bool needs_torch(const BackendArguments& arguments, bool gradients);

/// Throws UserError as what makes the back ends does.
[[nodiscard]] std::unique_ptr<Backend> make_backend(const std::filesystem::path& model,
                                                    const BackendArguments& arguments);

/// Gives a model of random weights what its back end needs besides: ranges for int8, of one
/// image.
void make_ready_to_time(const std::filesystem::path& model, const BackendArguments& arguments);

}  // namespace chestmap
