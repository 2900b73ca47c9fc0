#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace chestmap {

/// Environment variable whose text begins every line, for several programs that share a terminal.
/// Where it is set no progress bar is drawn.
inline constexpr const char* kLogPrefixVariable = "CHESTMAP_LOG_PREFIX";

/// From now on this process logs nothing: it is one of several that would say the same.
void silence_log();

/// One line on stderr; results go to stdout and to files, never here.
void log_note(std::string_view text);
void log_warning(std::string_view text);

template <typename... Args>
void note(fmt::format_string<Args...> format, Args&&... args) {
  log_note(fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  log_warning(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace chestmap
