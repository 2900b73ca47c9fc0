#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace chestmap {

/// A mistake that the user can mend: a wrong path, key, file or value. `main` prints it and exits
/// with 1. `what()` is one sentence that names the file, row or key and what was expected; `hint()`
/// says what to do.
class UserError : public std::runtime_error {
 public:
  explicit UserError(const std::string& message, std::string hint = {})
      : std::runtime_error(message), hint_(std::move(hint)) {}

  [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

 private:
  std::string hint_;
};

/// "FILE:ROW: MESSAGE" for errors in a table; rows are counted from 1 with the header as row 1.
[[nodiscard]] std::string at_row(const std::filesystem::path& file, std::size_t row,
                                 const std::string& message);

/// The candidate nearest to `word` by edit distance, or empty when none is near (more than a third
/// of it differs).
[[nodiscard]] std::string nearest_word(const std::string& word,
                                       const std::vector<std::string>& candidates);

}  // namespace chestmap
