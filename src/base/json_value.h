#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace chestmap {

/// Parses `text`; `file` names it in errors. A syntax error is a UserError with line and column.
[[nodiscard]] nlohmann::json parse_json(std::string_view text, const std::filesystem::path& file);

/// A value inside a JSON file, which knows its path ("$.annotations[3].bbox"), so that what is
/// wrong with it is a UserError that names file and path. The parsed document and the file's path
/// must outlive it.
class JsonValue {
 public:
  JsonValue(const nlohmann::json& value, const std::filesystem::path& file, std::string path = "$")
      : value_(&value), file_(&file), path_(std::move(path)) {}

  [[nodiscard]] bool is_object() const noexcept { return value_->is_object(); }
  [[nodiscard]] bool is_array() const noexcept { return value_->is_array(); }
  [[nodiscard]] bool is_text() const noexcept { return value_->is_string(); }
  [[nodiscard]] bool is_number() const noexcept { return value_->is_number(); }
  [[nodiscard]] const nlohmann::json& raw() const noexcept { return *value_; }

  /// Of an object or array; 0 of anything else.
  [[nodiscard]] std::size_t size() const noexcept {
    return value_->is_structured() ? value_->size() : 0;
  }
  /// The member of an object; nothing where it is missing, null, or the value no object.
  [[nodiscard]] std::optional<JsonValue> find(const std::string& key) const;
  /// The same; its absence is an error.
  [[nodiscard]] JsonValue at(const std::string& key) const;
  /// The element of an array.
  [[nodiscard]] JsonValue at(std::size_t index) const;

  /// A finite number.
  [[nodiscard]] double number() const;
  /// A whole number in [least, most].
  [[nodiscard]] std::int64_t whole(std::int64_t least, std::int64_t most) const;
  [[nodiscard]] const std::string& text() const;
  /// An error where this value is something else.
  void must_be_object() const;
  void must_be_array() const;

  [[noreturn]] void fail(const std::string& message, const std::string& hint = {}) const;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// "number", "text", ... for errors.
  [[nodiscard]] std::string kind() const;

 private:
  const nlohmann::json* value_;
  const std::filesystem::path* file_;
  std::string path_;
};

/// Calls `work` with each element of the array that `text` is, one after another, without holding
/// more than one of them parsed: prediction files have millions. Throws UserError where the text is
/// no JSON array, and passes on what `work` throws.
void for_each_json_element(std::string_view text, const std::filesystem::path& file,
                           const std::function<void(const JsonValue&)>& work);

}  // namespace chestmap
