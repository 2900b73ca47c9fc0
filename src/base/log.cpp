#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace chestmap {

namespace {

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made = std::make_shared<spdlog::logger>(
        "chestmap", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    const char* prefix = std::getenv(kLogPrefixVariable);  // NOLINT(concurrency-mt-unsafe)
    made->set_pattern((prefix != nullptr ? std::string(prefix) : std::string()) + "%^%v%$");
    return made;
  }();
  return *instance;
}

}  // namespace

void silence_log() { logger().set_level(spdlog::level::off); }

void log_note(std::string_view text) { logger().info(text); }
void log_warning(std::string_view text) { logger().warn("warning: {}", text); }

}  // namespace chestmap
