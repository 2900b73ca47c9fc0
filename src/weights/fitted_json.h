#pragma once

#include <nlohmann/json.hpp>

#include "weights/fitted.h"

namespace chestmap {

// What was fitted, as it stands in a model's metadata; null where nothing was. Reading throws
// nlohmann::json::exception for a missing or mistyped key, and std::invalid_argument, saying what
// is wrong, for values that no fit gives and for another number of entries than `findings`.

[[nodiscard]] nlohmann::ordered_json to_json(const std::optional<Fit>& fit);
[[nodiscard]] nlohmann::ordered_json to_json(const std::optional<Calibration>& calibration);
[[nodiscard]] nlohmann::ordered_json to_json(const std::optional<Thresholds>& thresholds);
[[nodiscard]] nlohmann::ordered_json to_json(const std::optional<Alignment>& alignment);
[[nodiscard]] nlohmann::ordered_json to_json(const std::optional<InputRanges>& ranges);

[[nodiscard]] std::optional<Fit> fit_from_json(const nlohmann::json& json);
[[nodiscard]] std::optional<Calibration> calibration_from_json(const nlohmann::json& json,
                                                               std::size_t findings);
[[nodiscard]] std::optional<Thresholds> thresholds_from_json(const nlohmann::json& json,
                                                             std::size_t findings);

[[nodiscard]] std::optional<Alignment> alignment_from_json(const nlohmann::json& json,
                                                           std::size_t findings,
                                                           std::size_t stages);
[[nodiscard]] std::optional<InputRanges> input_ranges_from_json(const nlohmann::json& json);

}  // namespace chestmap
