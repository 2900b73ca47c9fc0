#include "base/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cctype>
#include <cmath>

#include "base/error.h"

namespace chestmap {

namespace {

std::size_t filled_fields(const std::vector<std::string>& fields) {
  std::size_t count = fields.size();
  while (count > 0 && trimmed(fields[count - 1]).empty()) --count;
  return count;
}

}  // namespace

std::string_view trimmed(std::string_view text) noexcept {
  const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string name_key(std::string_view name) {
  std::string key;
  key.reserve(name.size());
  for (const char c : trimmed(name))
    if (c != ' ' && c != '_' && c != '-')
      key += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return key;
}

TableReader::TableReader(const CsvTable& table) : table_(table) {
  for (const CsvRow& row : table.rows)
    if (filled_fields(row.fields) > table.header.size())
      fail(row,
           fmt::format("the row has {} fields, the header {}", filled_fields(row.fields),
                       table.header.size()),
           "is there a comma too many in the row?");
    else if (row.fields.size() < filled_fields(table.header))
      fail(row,
           fmt::format("the row has {} fields, the header {}", row.fields.size(),
                       filled_fields(table.header)),
           "is the file cut short?");
}

std::optional<Column> TableReader::find(std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names) {
    const std::string key = name_key(name);
    for (std::size_t i = 0; i < table_.header.size(); ++i)
      if (name_key(table_.header[i]) == key) return Column{i, table_.header[i]};
  }
  return std::nullopt;
}

Column TableReader::need(std::initializer_list<std::string_view> names) const {
  if (auto column = find(names)) return *column;
  std::string wanted;
  for (const std::string_view name : names)
    wanted += fmt::format("{}\"{}\"", wanted.empty() ? "" : " or ", name);
  throw UserError(at_row(table_.file, 1, fmt::format("the column {} is missing", wanted)),
                  fmt::format("the header reads \"{}\"", fmt::join(table_.header, ",")));
}

std::string_view TableReader::text(const CsvRow& row, const Column& column) const {
  return column.place < row.fields.size() ? trimmed(row.fields[column.place]) : std::string_view();
}

std::string_view TableReader::filled(const CsvRow& row, const Column& column) const {
  const std::string_view cell = text(row, column);
  if (cell.empty()) fail(row, column, "the cell is empty");
  return cell;
}

double TableReader::number(const CsvRow& row, const Column& column) const {
  const std::string_view cell = text(row, column);
  const auto value = parse_number(cell);
  if (!value || !std::isfinite(*value))
    fail(row, column, fmt::format("\"{}\" is no finite number", cell));
  return *value;
}

void TableReader::fail(const CsvRow& row, const std::string& message,
                       const std::string& hint) const {
  throw UserError(at_row(table_.file, row.number, message), hint);
}

void TableReader::fail(const CsvRow& row, const Column& column, const std::string& message,
                       const std::string& hint) const {
  fail(row, fmt::format("column \"{}\": {}", column.name, message), hint);
}

}  // namespace chestmap
