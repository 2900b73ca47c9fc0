#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "engine/kernel.h"
#include "localize/backend.h"

namespace chestmap {

/// The model in `file` (model.safetensors) on the CPU by the own engine. `threads` 0 takes every
/// core. It gives no gradients: `differentiate` throws a UserError. Throws UserError as
/// localizer_graph and computing_for (precision.h) do, and where the engine cannot run one of the
/// model's layers, naming it.
[[nodiscard]] std::unique_ptr<Backend> make_engine_backend(
    const std::filesystem::path& file, std::int64_t threads,
    engine::Precision precision = engine::Precision::single);

}  // namespace chestmap
