#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/scores.h"

namespace chestmap {

/// Safe as HTML text and inside a quoted attribute; bytes that are no valid UTF-8 become U+FFFD.
[[nodiscard]] std::string escaped(std::string_view text);

/// Three decimals without a leading zero, as the field's tables have it: ".853", "1.000", "−.012".
[[nodiscard]] std::string short_number(double value);
/// ".812–.889", ".972–1", "−.091 to .012"; empty where there is no interval.
[[nodiscard]] std::string short_interval(const std::optional<Measured>& measured);
/// ".853 (.812–.889)", ".853", or an en dash where it is undefined.
[[nodiscard]] std::string measured_text(const std::optional<Measured>& measured);

/// Underscores become spaces: "Pleural_Thickening", "mean_without_cardiomegaly". Not escaped.
[[nodiscard]] std::string readable(std::string_view name);

/// Lines of at most `width` characters, broken at spaces; a longer word has a line of its own.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// Whether a data set's name says that its images are simulated.
[[nodiscard]] bool names_phantoms(std::string_view data);

[[nodiscard]] std::string base64(std::string_view bytes);

inline constexpr const char* kUndefined = "\u2013";

}  // namespace chestmap
