#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace chestmap {

/// The page of `chestmap data check --html`, of what the command prints with `--json`.
[[nodiscard]] std::string data_report(const nlohmann::json& check);

}  // namespace chestmap
