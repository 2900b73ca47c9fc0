#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/atomic_file.h"

namespace chestmap {

/// What the judge `script` of tests/judges answers to `question`: it is started with the name of a
/// file that holds the question, and prints the answer, both JSON. Nothing where it exits with 77,
/// i.e. where Python or a module that it needs is not installed. Throws where it fails.
inline std::optional<nlohmann::json> ask_judge(const std::string& script,
                                               const nlohmann::json& question) {
  const std::string file = std::filesystem::temp_directory_path() /
                           ("chestmap_" + script + "." + std::to_string(::getpid()) + ".json");
  write_file(file, question.dump());
  const std::string command =
      std::string(CHESTMAP_PYTHON) + " -B " + CHESTMAP_JUDGES + "/" + script + " " + file;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("the judge cannot be started: " + command);
  std::string text;
  std::array<char, 4096> buffer{};
  for (std::size_t count = 0; (count = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    text.append(buffer.data(), count);
  const int status = WEXITSTATUS(::pclose(pipe));
  std::remove(file.c_str());
  if (status == 77 || status == 127) return std::nullopt;
  if (status != 0) throw std::runtime_error("the judge failed: " + command);
  return nlohmann::json::parse(text);
}

}  // namespace chestmap
