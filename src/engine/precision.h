#pragma once

#include <filesystem>
#include <string_view>

#include "engine/kernel.h"
#include "weights/model_spec.h"

namespace chestmap {

/// Of the words "own" (single precision), "bf16" and "int8".
[[nodiscard]] engine::Precision precision_of(std::string_view word) noexcept;

/// How this CPU computes the model in `file` in `wanted`; in single precision, with a line of
/// notice, where it cannot. Throws UserError where int8 is wanted and the model has no ranges of
/// its convolutions' inputs (weights/fitted.h).
[[nodiscard]] engine::Computing computing_for(engine::Precision wanted, const ModelSpec& spec,
                                              const std::filesystem::path& file);

}  // namespace chestmap
