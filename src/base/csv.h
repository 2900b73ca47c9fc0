#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chestmap {

/// One line of a CSV table: its fields and its number, counted from 1 with the header as row 1.
struct CsvRow {
  std::size_t number = 0;
  std::vector<std::string> fields;
};

/// A CSV table (RFC 4180: quotes, doubled quotes, line breaks inside quotes; CRLF and a byte order
/// mark are accepted). Blank lines are left out. Rows may differ in length: the reader of the table
/// judges that.
struct CsvTable {
  std::filesystem::path file;
  std::vector<std::string> header;
  std::vector<CsvRow> rows;
};

/// Throws UserError for a missing or empty file and for a quote that is never closed.
[[nodiscard]] CsvTable read_csv(const std::filesystem::path& file);
/// The same of a text; `file` names it in errors.
[[nodiscard]] CsvTable parse_csv(std::string_view text, const std::filesystem::path& file);
/// The header of a table, from the file's first 64 KiB, to tell what kind of table it is. Empty
/// where the file cannot be read or its beginning is no CSV.
[[nodiscard]] std::vector<std::string> read_csv_header(const std::filesystem::path& file);

/// The field as CSV writes it, quoted where it must be.
[[nodiscard]] std::string csv_field(std::string_view field);
/// One line, with its line break.
[[nodiscard]] std::string csv_line(std::span<const std::string> fields);

/// The whole of `text` as a number in the C locale; nothing when it is anything else.
[[nodiscard]] std::optional<double> parse_number(std::string_view text) noexcept;

}  // namespace chestmap
