#include "base/csv.h"

#include <algorithm>
#include <charconv>
#include <fstream>

#include "base/atomic_file.h"
#include "base/error.h"

namespace chestmap {

CsvTable read_csv(const std::filesystem::path& file) { return parse_csv(read_file(file), file); }

CsvTable parse_csv(std::string_view text, const std::filesystem::path& file) {
  CsvTable table;
  table.file = file;
  std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  std::size_t line = 1;
  bool has_header = false;
  table.rows.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
  while (at < text.size()) {
    CsvRow row{line, {}};
    // As many as the row before, not as the header: short rows under a long one stay small.
    row.fields.reserve(table.rows.empty() ? 0 : table.rows.back().fields.size());
    std::string field;
    bool row_open = true;
    while (row_open) {
      if (at < text.size() && text[at] == '"' && field.empty()) {
        const std::size_t opened_on = line;
        for (++at;; ++at) {
          if (at >= text.size())
            throw UserError(at_row(file, opened_on, "a quote is opened and never closed"));
          if (text[at] == '"') {
            if (at + 1 < text.size() && text[at + 1] == '"') {
              ++at;
            } else {
              ++at;
              break;
            }
          }
          if (text[at] == '\n') ++line;
          field += text[at];
        }
        continue;
      }
      const bool carriage_return =
          at < text.size() && text[at] == '\r' && (at + 1 == text.size() || text[at + 1] == '\n');
      if (carriage_return) ++at;
      if (at >= text.size() || text[at] == '\n') {
        row.fields.push_back(std::move(field));
        field.clear();
        row_open = false;
        ++line;
      } else if (text[at] == ',') {
        row.fields.push_back(std::move(field));
        field.clear();
      } else {
        field += text[at];
      }
      ++at;
    }
    if (row.fields.size() == 1 && row.fields[0].empty()) continue;
    if (!has_header) {
      table.header = std::move(row.fields);
      has_header = true;
    } else {
      table.rows.push_back(std::move(row));
    }
  }
  if (!has_header)
    throw UserError(file.string() + " is empty: a header row was expected",
                    "was the download or the disk cut short?");
  return table;
}

std::vector<std::string> read_csv_header(const std::filesystem::path& file) {
  constexpr std::size_t kBeginning = std::size_t{1} << 16U;
  std::ifstream in(file, std::ios::binary);
  std::string text(kBeginning, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  text.resize(std::min(text.find('\n'), text.size()));
  try {
    return parse_csv(text, file).header;
  } catch (const UserError&) {
    return {};
  }
}

std::string csv_field(std::string_view field) {
  if (field.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(field);
  std::string quoted = "\"";
  for (const char c : field) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string csv_line(std::span<const std::string> fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += ',';
    line += csv_field(fields[i]);
  }
  return line + '\n';
}

std::optional<double> parse_number(std::string_view text) noexcept {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

}  // namespace chestmap
