#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "cli/backend_arguments.h"

namespace chestmap {

/// The layers of a model on one image: time, operations a second, and their share of the measured
/// peak of multiply-adds, and the sums over 1x1, 3x3 and other layers. Medians of `repeats`. Of
/// each program its own: chestmap-torch has none and throws a UserError.
[[nodiscard]] std::string layer_table(const std::filesystem::path& model,
                                      const BackendArguments& arguments, std::size_t repeats);

}  // namespace chestmap
