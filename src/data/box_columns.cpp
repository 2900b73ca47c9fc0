#include "data/box_columns.h"

#include <fmt/format.h>

#include <algorithm>

namespace chestmap {

std::optional<Column> find_image_column(const TableReader& table) {
  return table.find(
      {"image", "image_id", "image_index", "file_name", "image_name", "path", "patientId"});
}

std::optional<Column> find_finding_column(const TableReader& table) {
  return table.find({"finding", "finding_label", "class_name", "class", "category", "label"});
}

std::optional<BoxColumns> BoxColumns::find(const TableReader& table) {
  const auto x = table.find({"x"});
  const auto y = table.find({"y"});
  const auto width = table.find({"width", "w"});
  const auto height = table.find({"height", "h"});
  if (x && y && width && height) return BoxColumns({*x, *y, *width, *height}, false);
  const auto left = table.find({"x_min", "x1"});
  const auto top = table.find({"y_min", "y1"});
  const auto right = table.find({"x_max", "x2"});
  const auto bottom = table.find({"y_max", "y2"});
  if (left && top && right && bottom) return BoxColumns({*left, *top, *right, *bottom}, true);
  return std::nullopt;
}

BoxColumns BoxColumns::need(const TableReader& table) {
  if (auto found = find(table)) return *found;
  if (table.find({"x_min", "x1"}))
    return BoxColumns({table.need({"x_min", "x1"}), table.need({"y_min", "y1"}),
                       table.need({"x_max", "x2"}), table.need({"y_max", "y2"})},
                      true);
  return BoxColumns({table.need({"x"}), table.need({"y"}), table.need({"width", "w"}),
                     table.need({"height", "h"})},
                    false);
}

std::optional<Box> BoxColumns::read(const TableReader& table, const CsvRow& row) const {
  const bool empty = std::all_of(columns_.begin(), columns_.end(), [&](const Column& column) {
    return table.text(row, column).empty();
  });
  if (empty) return std::nullopt;
  std::array<double, 4> at{};
  for (std::size_t i = 0; i < at.size(); ++i) at[i] = table.number(row, columns_[i]);
  const Box box =
      corners_ ? Box{at[0], at[1], at[2] - at[0], at[3] - at[1]} : Box{at[0], at[1], at[2], at[3]};
  if (box.width < 0.0 || box.height < 0.0)
    table.fail(
        row,
        fmt::format("the box {}={} {}={} {}={} {}={} has a side below 0", columns_[0].name, at[0],
                    columns_[1].name, at[1], columns_[2].name, at[2], columns_[3].name, at[3]),
        corners_ ? "a box is x_min,y_min,x_max,y_max" : "a box is x,y,width,height");
  return box;
}

}  // namespace chestmap
