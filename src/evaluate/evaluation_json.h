#pragma once

#include <nlohmann/json.hpp>

#include "evaluate/evaluation.h"

namespace chestmap {

/// The evaluation as docs/evaluation-json.md describes it, format version 2. Keys keep their order.
/// An undefined measure is null.
[[nodiscard]] nlohmann::ordered_json to_json(const Evaluation& evaluation);

}  // namespace chestmap
