#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace chestmap {

/// A value of a configuration key. The type of a key's default is the type of the key; a whole
/// number is accepted where a real one is expected, and nothing else is converted.
using ConfigValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>,
                                 std::vector<double>, std::vector<std::string>>;

/// What a key is: its dotted name ("train.epochs"), default, one line of help, and what it accepts.
struct ConfigKey {
  std::string name;
  ConfigValue initial;
  std::string help;
  std::optional<double> least = std::nullopt;  ///< of numbers, and of each number in a list
  std::optional<double> most = std::nullopt;
  std::vector<std::string> choices = {};  ///< of strings; empty means any
};

/// The values of a fixed list of keys, from TOML files and `key=value` texts; later ones win. An
/// unknown key is a UserError that names the nearest known one; so is a value of the wrong type or
/// outside its range.
class Config {
 public:
  explicit Config(std::vector<ConfigKey> keys);

  void load(const std::filesystem::path& toml_file);
  /// `text` is TOML, e.g. read back from a model's metadata; `origin` names it in errors.
  void load_text(std::string_view text, const std::string& origin);
  /// "train.epochs=3"; the value is TOML, and a bare word stands for a string.
  void set(std::string_view assignment);
  void set(const std::string& key, ConfigValue value, const std::string& origin);

  /// The value of a key that exists with that type; anything else is a mistake in the program.
  template <typename T>
  [[nodiscard]] const T& get(const std::string& key) const {
    return std::get<T>(values_.at(key));
  }
  [[nodiscard]] bool flag(const std::string& key) const { return get<bool>(key); }
  [[nodiscard]] std::int64_t whole(const std::string& key) const { return get<std::int64_t>(key); }
  [[nodiscard]] double real(const std::string& key) const { return get<double>(key); }
  [[nodiscard]] const std::string& text(const std::string& key) const {
    return get<std::string>(key);
  }
  /// A whole number that its range keeps at or above zero.
  [[nodiscard]] std::size_t count(const std::string& key) const {
    return static_cast<std::size_t>(whole(key));
  }

  /// Every key with its value, as TOML with each key's help as a comment; `load_text` reads it back
  /// exactly.
  [[nodiscard]] std::string to_toml() const;
  [[nodiscard]] const std::vector<ConfigKey>& keys() const noexcept { return keys_; }

 private:
  [[nodiscard]] const ConfigKey& key_or_error(const std::string& name,
                                              const std::string& origin) const;

  std::vector<ConfigKey> keys_;
  std::map<std::string, ConfigValue> values_;
};

}  // namespace chestmap
