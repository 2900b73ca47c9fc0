#pragma once

#include <span>
#include <string>

#include "report/parsed_run.h"

namespace chestmap {

// The report's sections: HTML without the heading, or empty where the runs hold nothing to show.
// Each stands in the file of its name; report.cpp lists them in their order.

[[nodiscard]] std::string summary_section(std::span<const ParsedRun> runs);
[[nodiscard]] std::string training_section(std::span<const ParsedRun> runs);
[[nodiscard]] std::string classification_section(std::span<const ParsedRun> runs);
[[nodiscard]] std::string forest_section(std::span<const ParsedRun> runs);
[[nodiscard]] std::string localization_section(std::span<const ParsedRun> runs);
[[nodiscard]] std::string free_response_section(std::span<const ParsedRun> runs);
[[nodiscard]] std::string mask_section(std::span<const ParsedRun> runs);
[[nodiscard]] std::string comparison_section(std::span<const ParsedRun> runs);
[[nodiscard]] std::string strata_section(std::span<const ParsedRun> runs);
[[nodiscard]] std::string relevance_section(std::span<const ParsedRun> runs);
[[nodiscard]] std::string gallery_section(std::span<const ParsedRun> runs);
[[nodiscard]] std::string provenance_section(std::span<const ParsedRun> runs);

}  // namespace chestmap
