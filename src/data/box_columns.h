#pragma once

#include <array>
#include <optional>

#include "base/table.h"
#include "geometry/box.h"

namespace chestmap {

/// The columns of a table that hold an image's name, whatever a program calls it: image, image_id,
/// Image Index, file_name, filename, image_name, path, patientId.
[[nodiscard]] std::optional<Column> find_image_column(const TableReader& table);
/// The column of a finding's name: finding, Finding Label, class_name, class, category, label.
[[nodiscard]] std::optional<Column> find_finding_column(const TableReader& table);

/// The four columns of a box: x, y, width, height (also w, h), or the corners x_min, y_min, x_max,
/// y_max (also x1, y1, x2, y2).
class BoxColumns {
 public:
  [[nodiscard]] static std::optional<BoxColumns> find(const TableReader& table);
  /// The same; where one is missing, a UserError that names it.
  [[nodiscard]] static BoxColumns need(const TableReader& table);
  /// The row's box, maybe without area; nothing where all four cells are empty. Throws UserError
  /// where a cell is no finite number or a side is below 0.
  [[nodiscard]] std::optional<Box> read(const TableReader& table, const CsvRow& row) const;
  [[nodiscard]] const std::array<Column, 4>& columns() const noexcept { return columns_; }

 private:
  BoxColumns(std::array<Column, 4> columns, bool corners)
      : columns_(std::move(columns)), corners_(corners) {}
  std::array<Column, 4> columns_;
  bool corners_ = false;
};

}  // namespace chestmap
