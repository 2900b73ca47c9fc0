#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "../image/scratch.h"
#include "base/error.h"
#include "weights/weight_file.h"

namespace chestmap::test {

/// Files that Debian's PyTorch wrote (tests/judges/torch_files.py), once for all tests of a
/// program.
inline const ScratchFolder* torch_files() {
  static const ScratchFolder folder;
  static const int status =
      run_judge("torch_files.py", fmt::format("'{}' 2>/dev/null", folder.path().string()));
  if (status == 0) return &folder;
  EXPECT_EQ(status, 77) << "torch_files.py failed";
  return nullptr;
}

/// What reading the file throws, with its hint behind it, or "accepted".
inline std::string refusal_of(const std::filesystem::path& file) {
  try {
    (void)read_weights(file);
    return "accepted";
  } catch (const UserError& error) {
    return std::string(error.what()) + " | " + error.hint();
  }
}

}  // namespace chestmap::test
