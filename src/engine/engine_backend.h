#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "localize/backend.h"

namespace chestmap {

/// The model in `file` (model.safetensors) on the CPU by the own engine. `threads` 0 takes every
/// core. `bfloat16`: convolutions in bfloat16 where the CPU has AMX; else in single precision, with
/// a line of notice. It gives no gradients: `differentiate` throws a UserError. Throws UserError as
/// localizer_graph does, and where the engine cannot run one of the model's layers, naming it.
[[nodiscard]] std::unique_ptr<Backend> make_engine_backend(const std::filesystem::path& file,
                                                           std::int64_t threads,
                                                           bool bfloat16 = false);

}  // namespace chestmap
