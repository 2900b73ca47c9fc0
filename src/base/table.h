#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/csv.h"

namespace chestmap {

/// `text` without the white space at its ends.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

/// What is left of a name when case, spaces, underscores and hyphens do not count: "Pleural
/// Thickening" and "pleural_thickening" have the same key.
[[nodiscard]] std::string name_key(std::string_view name);

/// A column of a table: its place and its header as it is spelled.
struct Column {
  std::size_t place = 0;
  std::string name;
};

/// A CSV table whose cells are read by column, with errors that name file, row and column. Headers
/// are compared by `name_key`. The table must outlive it.
class TableReader {
 public:
  /// Throws UserError where a row has another number of fields than the header; empty ones at the
  /// end, which trailing commas leave, do not count.
  explicit TableReader(const CsvTable& table);

  /// The first column whose header is one of `names`.
  [[nodiscard]] std::optional<Column> find(std::initializer_list<std::string_view> names) const;
  /// The same; where there is none, a UserError that names `names` and what the header holds.
  [[nodiscard]] Column need(std::initializer_list<std::string_view> names) const;

  /// A cell without the white space at its ends; empty where the row is shorter.
  [[nodiscard]] std::string_view text(const CsvRow& row, const Column& column) const;
  /// The same of a cell that may not be empty.
  [[nodiscard]] std::string_view filled(const CsvRow& row, const Column& column) const;
  /// A cell as a finite number.
  [[nodiscard]] double number(const CsvRow& row, const Column& column) const;

  [[noreturn]] void fail(const CsvRow& row, const std::string& message,
                         const std::string& hint = {}) const;
  [[noreturn]] void fail(const CsvRow& row, const Column& column, const std::string& message,
                         const std::string& hint = {}) const;

  [[nodiscard]] const CsvTable& table() const noexcept { return table_; }

 private:
  const CsvTable& table_;
};

}  // namespace chestmap
