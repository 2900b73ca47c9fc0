#include "base/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"

namespace chestmap {

namespace {

std::string type_name(const ConfigValue& value) {
  static constexpr const char* kNames[] = {
      "true or false",           "a whole number",    "a number",       "a text",
      "a list of whole numbers", "a list of numbers", "a list of texts"};
  return kNames[value.index()];
}

template <typename T>
std::optional<std::vector<T>> list_of(const toml::array& array) {
  std::vector<T> list;
  for (const toml::node& node : array) {
    const auto item = node.value_exact<T>();
    if (!item) return std::nullopt;
    list.push_back(*item);
  }
  return list;
}

/// The node as a value of the same type as `pattern`, or nothing.
std::optional<ConfigValue> convert(const toml::node& node, const ConfigValue& pattern) {
  const auto wrap = [](auto&& optional) -> std::optional<ConfigValue> {
    if (!optional) return std::nullopt;
    return ConfigValue(*optional);
  };
  if (std::holds_alternative<bool>(pattern)) return wrap(node.value_exact<bool>());
  if (std::holds_alternative<std::int64_t>(pattern)) return wrap(node.value_exact<std::int64_t>());
  if (std::holds_alternative<double>(pattern)) {
    if (const auto whole = node.value_exact<std::int64_t>())
      return ConfigValue(static_cast<double>(*whole));
    return wrap(node.value_exact<double>());
  }
  if (std::holds_alternative<std::string>(pattern)) return wrap(node.value_exact<std::string>());
  const toml::array* array = node.as_array();
  if (array == nullptr) return std::nullopt;
  if (std::holds_alternative<std::vector<std::int64_t>>(pattern))
    return wrap(list_of<std::int64_t>(*array));
  if (std::holds_alternative<std::vector<std::string>>(pattern))
    return wrap(list_of<std::string>(*array));
  std::vector<double> numbers;
  for (const toml::node& item : *array) {
    if (!item.is_number()) return std::nullopt;
    numbers.push_back(item.value_or(0.0));
  }
  return ConfigValue(numbers);
}

/// The text of one TOML value as a value of the same type as `pattern`, or nothing.
std::optional<ConfigValue> parse_value(const std::string& text, const ConfigValue& pattern) {
  try {
    const toml::table table = toml::parse("value = " + text);
    return table.size() == 1 ? convert(*table.get("value"), pattern) : std::nullopt;
  } catch (const toml::parse_error&) {
    return std::nullopt;
  }
}

UserError wrong_type(const ConfigKey& key, const std::string& origin) {
  return UserError(fmt::format("{}: {} must be {}", origin, key.name, type_name(key.initial)),
                   key.help);
}

std::string format_number(double number) {
  std::string text = fmt::format("{}", number);
  if (std::isfinite(number) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string format_text(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    constexpr unsigned char kDelete = 0x7f;
    if (static_cast<unsigned char>(c) < 0x20 || c == kDelete) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

template <typename T, typename Format>
std::string format_list(const std::vector<T>& items, Format format) {
  std::string text = "[";
  for (std::size_t i = 0; i < items.size(); ++i) text += (i > 0 ? ", " : "") + format(items[i]);
  return text + "]";
}

struct ToToml {
  std::string operator()(bool v) const { return v ? "true" : "false"; }
  std::string operator()(std::int64_t v) const { return std::to_string(v); }
  std::string operator()(double v) const { return format_number(v); }
  std::string operator()(const std::string& v) const { return format_text(v); }
  std::string operator()(const std::vector<std::int64_t>& v) const {
    return format_list(v, [](std::int64_t i) { return std::to_string(i); });
  }
  std::string operator()(const std::vector<double>& v) const {
    return format_list(v, format_number);
  }
  std::string operator()(const std::vector<std::string>& v) const {
    return format_list(v, format_text);
  }
};

void check_range(const ConfigKey& key, double number, const std::string& origin) {
  const bool too_small = key.least && !(number >= *key.least);
  const bool too_large = key.most && !(number <= *key.most);
  if (!too_small && !too_large) return;
  std::string range;
  if (key.least) range += fmt::format(" from {}", *key.least);
  if (key.most) range += fmt::format(" to {}", *key.most);
  throw UserError(
      fmt::format("{}: {} = {} is out of range:{} was expected", origin, key.name, number, range),
      key.help);
}

void check(const ConfigKey& key, const ConfigValue& value, const std::string& origin) {
  if (const auto* whole = std::get_if<std::int64_t>(&value))
    check_range(key, static_cast<double>(*whole), origin);
  if (const auto* real = std::get_if<double>(&value)) check_range(key, *real, origin);
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value))
    for (const std::int64_t item : *list) check_range(key, static_cast<double>(item), origin);
  if (const auto* list = std::get_if<std::vector<double>>(&value))
    for (const double item : *list) check_range(key, item, origin);
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr || key.choices.empty()) return;
  if (std::find(key.choices.begin(), key.choices.end(), *text) != key.choices.end()) return;
  throw UserError(fmt::format("{}: {} = \"{}\" is not one of {}", origin, key.name, *text,
                              fmt::join(key.choices, ", ")),
                  key.help);
}

/// Calls `visit(dotted name, node)` for every leaf.
template <typename Visit>
void for_each_leaf(const toml::table& table, const std::string& prefix, const Visit& visit) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    if (const toml::table* inner = node.as_table()) {
      for_each_leaf(*inner, key + ".", visit);
    } else {
      visit(key, node);
    }
  }
}

}  // namespace

Config::Config(std::vector<ConfigKey> keys) : keys_(std::move(keys)) {
  for (const ConfigKey& key : keys_) values_.emplace(key.name, key.initial);
}

const ConfigKey& Config::key_or_error(const std::string& name, const std::string& origin) const {
  std::vector<std::string> names;
  for (const ConfigKey& key : keys_) {
    if (key.name == name) return key;
    names.push_back(key.name);
  }
  const std::string near = nearest_word(name, names);
  throw UserError(fmt::format("{}: unknown key \"{}\"", origin, name),
                  near.empty() ? "`chestmap config` lists every key"
                               : fmt::format("did you mean \"{}\"?", near));
}

void Config::set(const std::string& key, ConfigValue value, const std::string& origin) {
  const ConfigKey& known = key_or_error(key, origin);
  if (value.index() != known.initial.index()) throw wrong_type(known, origin);
  check(known, value, origin);
  values_[key] = std::move(value);
}

void Config::load_text(std::string_view text, const std::string& origin) {
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    throw UserError(
        fmt::format("{}:{}: {}", origin, error.source().begin.line, error.description()),
        "the file must be TOML");
  }
  for_each_leaf(table, "", [&](const std::string& name, const toml::node& node) {
    const std::string place = fmt::format("{}:{}", origin, node.source().begin.line);
    const ConfigKey& key = key_or_error(name, place);
    auto value = convert(node, key.initial);
    if (!value) throw wrong_type(key, place);
    set(name, std::move(*value), place);
  });
}

void Config::load(const std::filesystem::path& toml_file) {
  load_text(read_file(toml_file), toml_file.string());
}

void Config::set(std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  const std::string origin = fmt::format("--set {}", assignment);
  if (equals == std::string_view::npos)
    throw UserError(origin + ": KEY=VALUE was expected", "for example --set train.epochs=3");
  const auto trim = [](std::string_view part) {
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    return std::string(part);
  };
  const std::string name = trim(assignment.substr(0, equals));
  const std::string value = trim(assignment.substr(equals + 1));
  const ConfigKey& key = key_or_error(name, origin);
  if (std::holds_alternative<std::string>(key.initial) && !value.starts_with('"')) {
    set(name, ConfigValue(value), origin);
    return;
  }
  auto converted = parse_value(value, key.initial);
  if (!converted) throw wrong_type(key, origin);
  set(name, std::move(*converted), origin);
}

std::string Config::to_toml() const {
  std::string text;
  std::string section;
  for (const ConfigKey& key : keys_) {
    const std::size_t dot = key.name.rfind('.');
    const std::string key_section = dot == std::string::npos ? "" : key.name.substr(0, dot);
    if (key_section != section) {
      text += fmt::format("\n[{}]\n", key_section);
      section = key_section;
    }
    text += fmt::format("# {}\n{} = {}\n", key.help,
                        dot == std::string::npos ? key.name : key.name.substr(dot + 1),
                        std::visit(ToToml{}, values_.at(key.name)));
  }
  return text;
}

}  // namespace chestmap
