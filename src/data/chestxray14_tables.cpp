#include "data/chestxray14_tables.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "base/csv.h"
#include "base/error.h"
#include "base/table.h"
#include "data/chestxray14.h"

namespace chestmap {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNoFinding = "No Finding";

/// Fields without the empty ones that trailing commas leave.
std::size_t filled(const std::vector<std::string>& fields) {
  std::size_t count = fields.size();
  while (count > 0 && trimmed(fields[count - 1]).empty()) --count;
  return count;
}

/// Places of the columns that are used; the headers behind them split at commas of their own.
struct Columns {
  std::size_t image = 0;
  std::size_t labels = 0;
  std::size_t patient = 0;
  std::optional<std::size_t> age;
  std::optional<std::size_t> sex;
  std::optional<std::size_t> view;
  std::size_t least = 0;  ///< fields that a row must have
  std::size_t most = 0;   ///< fields that a row may have
};

std::optional<std::size_t> find_column(const CsvTable& table, std::string_view name) {
  for (std::size_t i = 0; i < table.header.size(); ++i)
    if (trimmed(table.header[i]) == name) return i;
  return std::nullopt;
}

std::size_t need_column(const CsvTable& table, const std::string& name) {
  if (const auto column = find_column(table, name)) return *column;
  const std::string near = nearest_word(name, table.header);
  throw UserError(
      at_row(table.file, 1, fmt::format("the column \"{}\" is missing", name)),
      near.empty()
          ? fmt::format("the header reads \"{}\"; is this the label table of ChestX-ray14?",
                        fmt::join(table.header, ","))
          : fmt::format("is \"{}\" meant to be it?", near));
}

Columns find_columns(const CsvTable& table) {
  Columns columns;
  columns.image = need_column(table, "Image Index");
  columns.labels = need_column(table, "Finding Labels");
  columns.patient = need_column(table, "Patient ID");
  columns.age = find_column(table, "Patient Age");
  columns.sex = find_column(table, "Patient Gender");
  if (!columns.sex) columns.sex = find_column(table, "Patient Sex");
  columns.view = find_column(table, "View Position");
  columns.least =
      1 + std::max({columns.image, columns.labels, columns.patient, columns.age.value_or(0),
                    columns.sex.value_or(0), columns.view.value_or(0)});
  columns.most = filled(table.header);
  return columns;
}

/// Where one cell of a table stands, for errors.
struct Place {
  const fs::path& file;
  std::size_t row;

  [[noreturn]] void fail(const std::string& message, const std::string& hint = {}) const {
    throw UserError(at_row(file, row, message), hint);
  }
};

std::size_t finding_index(std::string_view name, const Place& place) {
  if (name == "Infiltrate") name = "Infiltration";
  if (const auto found = chestxray14_findings().find(name)) return *found;
  const std::string near = nearest_word(std::string(name), chestxray14_findings().names());
  place.fail(fmt::format("\"{}\" is no finding of ChestX-ray14", name),
             near.empty() ? fmt::format("the findings are {}",
                                        fmt::join(chestxray14_findings().names(), ", "))
                          : fmt::format("is \"{}\" meant?", near));
}

std::vector<Label> parse_labels(std::string_view cell, const Place& place) {
  std::vector<Label> labels(chestxray14_findings().size(), Label::negative);
  cell = trimmed(cell);
  if (cell == kNoFinding) return labels;
  if (cell.empty())
    place.fail("the finding labels are empty",
               fmt::format("an image without a finding is labelled \"{}\"", kNoFinding));
  while (true) {
    const std::size_t bar = cell.find('|');
    const std::string_view name = trimmed(cell.substr(0, bar));
    if (name == kNoFinding)
      place.fail(fmt::format("\"{}\" stands beside other findings", kNoFinding),
                 "it must be the cell's only label");
    labels[finding_index(name, place)] = Label::positive;
    if (bar == std::string_view::npos) return labels;
    cell.remove_prefix(bar + 1);
  }
}

/// `058Y`, `011M`, `004D` and plain years.
std::optional<double> parse_age(std::string_view cell, const Place& place) {
  cell = trimmed(cell);
  if (cell.empty()) return std::nullopt;
  double unit = 1.0;
  std::string_view number = cell;
  switch (cell.back()) {
    case 'D':
      unit = 1.0 / 365.25;
      number.remove_suffix(1);
      break;
    case 'M':
      unit = 1.0 / 12.0;
      number.remove_suffix(1);
      break;
    case 'Y':
      number.remove_suffix(1);
      break;
    default:
      break;
  }
  const auto value = parse_number(number);
  if (!value || !std::isfinite(*value) || *value < 0.0)
    place.fail(fmt::format("the patient age \"{}\" is not understood", cell),
               "years (58), or a number with Y, M or D (058Y, 011M, 004D)");
  return *value * unit;
}

Record parse_record(const CsvTable& table, const CsvRow& row, const Columns& columns) {
  const Place place{table.file, row.number};
  const std::size_t count = filled(row.fields);
  if (row.fields.size() < columns.least || count > columns.most)
    place.fail(fmt::format("the row has {} fields, the header {}", count, columns.most),
               row.fields.size() < columns.least ? "is the file cut short?"
                                                 : "is there a comma too many in the row?");
  Record record;
  record.image = trimmed(row.fields[columns.image]);
  record.patient = trimmed(row.fields[columns.patient]);
  if (record.image.empty()) place.fail("the image name is empty");
  if (record.patient.empty())
    place.fail("the patient ID is empty", "images are split by patient, so each needs one");
  record.labels = parse_labels(row.fields[columns.labels], place);
  record.frame = {kChestXray14Frame, kChestXray14Frame};
  if (columns.age) record.age_years = parse_age(row.fields[*columns.age], place);
  if (columns.sex) {
    const std::string_view sex = trimmed(row.fields[*columns.sex]);
    record.sex = sex == "F" ? Sex::female : sex == "M" ? Sex::male : Sex::unknown;
  }
  if (columns.view) {
    const std::string_view view = trimmed(row.fields[*columns.view]);
    record.view = view == "PA"   ? ViewPosition::pa
                  : view == "AP" ? ViewPosition::ap
                                 : ViewPosition::unknown;
  }
  return record;
}

Box parse_box(const CsvRow& row, const Place& place) {
  std::array<double, 4> values{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto value = parse_number(trimmed(row.fields[2 + i]));
    if (!value || !std::isfinite(*value))
      place.fail(fmt::format("\"{}\" is no number", row.fields[2 + i]),
                 "a box is x,y,w,h in pixels of the 1024x1024 frame");
    values[i] = *value;
  }
  const Box box{values[0], values[1], values[2], values[3]};
  if (box.width <= 0.0 || box.height <= 0.0)
    place.fail(fmt::format("the box has width {} and height {}; both must be above 0", box.width,
                           box.height),
               "a box is x,y,w,h, not two corners");
  constexpr auto side = static_cast<double>(kChestXray14Frame);
  constexpr double slack = 1.0;
  if (box.x <= -slack || box.y <= -slack || box.right() >= side + slack ||
      box.bottom() >= side + slack)
    place.fail(fmt::format("the box x={} y={} w={} h={} leaves the {}x{} frame", box.x, box.y,
                           box.width, box.height, kChestXray14Frame, kChestXray14Frame),
               "boxes are in the frame of the original images, whatever the copies' size");
  const Box inside = clipped(box, side, side);
  if (inside.width <= 0.0 || inside.height <= 0.0)
    place.fail(fmt::format("the box x={} y={} w={} h={} lies outside of the frame", box.x, box.y,
                           box.width, box.height));
  return inside;
}

void check_box_header(const CsvTable& csv) {
  const bool known = csv.header.size() >= 6 && trimmed(csv.header[0]) == "Image Index" &&
                     trimmed(csv.header[1]) == "Finding Label" &&
                     trimmed(csv.header[2]).starts_with("Bbox");
  if (!known)
    throw UserError(at_row(csv.file, 1,
                           fmt::format("the header reads \"{}\"; \"Image Index,Finding Label,Bbox "
                                       "[x,y,w,h]\" was expected",
                                       fmt::join(csv.header, ","))),
                    fmt::format("is this {} of ChestX-ray14?", "BBox_List_2017.csv"));
}

}  // namespace

ChestXray14Table read_chestxray14_table(const fs::path& file) {
  return parse_chestxray14_table(read_csv(file));
}

ChestXray14Table parse_chestxray14_table(const CsvTable& csv) {
  const fs::path& file = csv.file;
  const Columns columns = find_columns(csv);
  ChestXray14Table table{file, {}, {}};
  table.records.reserve(csv.rows.size());
  table.index.reserve(csv.rows.size());
  for (const CsvRow& row : csv.rows) {
    table.records.push_back(parse_record(csv, row, columns));
    const auto [entry, added] =
        table.index.emplace(table.records.back().image, table.records.size() - 1);
    if (!added)
      throw UserError(at_row(file, row.number,
                             fmt::format("the image {} is there a second time; its first row is {}",
                                         entry->first, csv.rows[entry->second].number)),
                      "remove one of the two rows");
  }
  if (table.records.empty())
    throw UserError(file.string() + " has a header and no rows", "is the file cut short?");
  return table;
}

ChestXray14Table with_chestxray14_boxes(ChestXray14Table table, const fs::path& file) {
  return with_chestxray14_boxes(std::move(table), read_csv(file));
}

ChestXray14Table with_chestxray14_boxes(ChestXray14Table table, const CsvTable& csv) {
  const fs::path& file = csv.file;
  check_box_header(csv);
  for (const CsvRow& row : csv.rows) {
    const Place place{file, row.number};
    const std::size_t count = filled(row.fields);
    if (count != 6)
      place.fail(
          fmt::format("the row has {} fields; 6 were expected (image, finding, x, y, w, h)", count),
          count < 6 ? "is the file cut short?" : "");
    const std::string image(trimmed(row.fields[0]));
    const auto found = table.index.find(image);
    if (found == table.index.end())
      place.fail(fmt::format("the box is of {}, which {} does not hold", image,
                             table.file.filename().string()),
                 "do both tables belong to the same copy of the data set?");
    table.records[found->second].boxes.push_back(
        {finding_index(trimmed(row.fields[1]), place), parse_box(row, place)});
  }
  return table;
}

}  // namespace chestmap
