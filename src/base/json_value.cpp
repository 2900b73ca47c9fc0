#include "base/json_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace chestmap {

namespace {

using nlohmann::json;

[[noreturn]] void fail_to_parse(std::string_view text, const std::filesystem::path& file,
                                const json::exception& error, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte == 0 ? 0 : byte - 1, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  std::string reason = error.what();
  // nlohmann's text is "[json.exception...] parse error at line L, column C: REASON".
  if (const std::size_t colon = reason.find(": "); colon != std::string::npos)
    reason.erase(0, colon + 2);
  throw UserError(fmt::format("{}:{}:{}: this is no JSON: {}", file.string(), line,
                              before.size() - line_start + 1, reason),
                  text.empty() ? "the file is empty" : "is the file cut short?");
}

}  // namespace

json parse_json(std::string_view text, const std::filesystem::path& file) {
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    fail_to_parse(text, file, error, error.byte);
  } catch (const json::exception& error) {  // a number beyond double's range
    fail_to_parse(text, file, error, 0);
  }
}

std::optional<JsonValue> JsonValue::find(const std::string& key) const {
  if (!value_->is_object()) return std::nullopt;
  const auto found = value_->find(key);
  if (found == value_->end() || found->is_null()) return std::nullopt;
  return JsonValue(*found, *file_, fmt::format("{}.{}", path_, key));
}

JsonValue JsonValue::at(const std::string& key) const {
  must_be_object();
  if (auto member = find(key)) return *member;
  fail(fmt::format("the member \"{}\" is missing", key));
}

JsonValue JsonValue::at(std::size_t index) const {
  must_be_array();
  if (index >= value_->size())
    fail(fmt::format("{} elements; more than {} were expected", value_->size(), index));
  return {(*value_)[index], *file_, fmt::format("{}[{}]", path_, index)};
}

double JsonValue::number() const {
  if (!value_->is_number()) fail(fmt::format("{}; a number was expected", kind()));
  const double value = value_->get<double>();
  if (!std::isfinite(value)) fail("no finite number");
  return value;
}

std::int64_t JsonValue::whole(std::int64_t least, std::int64_t most) const {
  const double value = number();
  if (value != std::floor(value) || value < static_cast<double>(least) ||
      value > static_cast<double>(most))
    fail(fmt::format("{}; a whole number from {} to {} was expected", value, least, most));
  return value_->is_number_float() ? static_cast<std::int64_t>(value) : value_->get<std::int64_t>();
}

const std::string& JsonValue::text() const {
  if (!value_->is_string()) fail(fmt::format("{}; a text was expected", kind()));
  return value_->get_ref<const std::string&>();
}

void JsonValue::must_be_object() const {
  if (!value_->is_object()) fail(fmt::format("{}; an object was expected", kind()));
}

void JsonValue::must_be_array() const {
  if (!value_->is_array()) fail(fmt::format("{}; an array was expected", kind()));
}

void JsonValue::fail(const std::string& message, const std::string& hint) const {
  throw UserError(fmt::format("{}: {}: {}", file_->string(), path_, message), hint);
}

std::string JsonValue::kind() const {
  switch (value_->type()) {
    case json::value_t::object:
      return "an object";
    case json::value_t::array:
      return "an array";
    case json::value_t::string:
      return "a text";
    case json::value_t::boolean:
      return "true or false";
    case json::value_t::null:
      return "null";
    default:
      return "a number";
  }
}

void for_each_json_element(std::string_view text, const std::filesystem::path& file,
                           const std::function<void(const JsonValue&)>& work) {
  const std::string_view begin =
      text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (!begin.starts_with('[')) {
    const json whole = parse_json(text, file);
    JsonValue(whole, file).must_be_array();
  }
  std::size_t index = 0;
  const auto take = [&](json& element) {
    work(JsonValue(element, file, fmt::format("$[{}]", index)));
    ++index;
    return false;  // done with: the parser forgets it
  };
  try {
    const json rest = json::parse(text, [&](int depth, json::parse_event_t event, json& element) {
      const bool whole_element = event == json::parse_event_t::object_end ||
                                 event == json::parse_event_t::array_end ||
                                 event == json::parse_event_t::value;
      return depth == 1 && whole_element ? take(element) : true;
    });
    (void)rest;
  } catch (const json::parse_error& error) {
    fail_to_parse(text, file, error, error.byte);
  } catch (const json::exception& error) {
    fail_to_parse(text, file, error, 0);
  }
}

}  // namespace chestmap
