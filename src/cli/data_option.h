#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <string>
#include <vector>

namespace chestmap {

/// --data, one folder each time; several data sets are joined (`read_datasets`).
inline CLI::Option* add_data_option(CLI::App& command, std::vector<std::filesystem::path>& data,
                                    const std::string& help) {
  return command.add_option("--data", data, help + "; may be repeated, to join several")
      ->allow_extra_args(false)
      ->take_all();
}

}  // namespace chestmap
