#include "data/plain_csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/table.h"
#include "data/attach_images.h"
#include "data/box_columns.h"
#include "data/column_map.h"
#include "data/image_files.h"
#include "data/name_index.h"
#include "data/readers.h"
#include "data/split.h"

namespace chestmap {

namespace {

namespace fs = std::filesystem;

/// The columns that say something of the image and not of a finding.
struct ImageColumns {
  Column image;
  std::optional<Column> patient;
  std::optional<Column> age;
  std::optional<Column> sex;
  std::optional<Column> view;
  std::optional<Column> width;
  std::optional<Column> height;
  std::optional<Column> split;

  [[nodiscard]] bool hold(std::size_t place) const {
    const auto is = [&](const std::optional<Column>& c) { return c && c->place == place; };
    return image.place == place || is(patient) || is(age) || is(sex) || is(view) || is(width) ||
           is(height) || is(split);
  }
};

ImageColumns image_columns(const TableReader& table) {
  const auto image = find_image_column(table);
  return {
      image ? *image : table.need({"image"}), table.find({"patient", "patient_id"}),
      table.find({"age", "patient_age"}),     table.find({"sex", "patient_sex", "patient_gender"}),
      table.find({"view", "view_position"}),  table.find({"image_width"}),
      table.find({"image_height"}),           table.find({"split"})};
}

std::size_t read_side(const TableReader& table, const CsvRow& row, const Column& column) {
  const double side = table.number(row, column);
  if (side != std::floor(side) || side < 1.0 || side > static_cast<double>(kLargestSide))
    table.fail(row, column,
               fmt::format("{} is no image side; 1 to {} pixels are accepted", side, kLargestSide));
  return static_cast<std::size_t>(side);
}

Record image_of_row(const TableReader& table, const CsvRow& row, const ImageColumns& columns) {
  const auto cell = [&](const std::optional<Column>& column) {
    return column ? table.text(row, *column) : std::string_view();
  };
  Record record;
  record.image = table.filled(row, columns.image);
  record.patient = columns.patient ? table.filled(row, *columns.patient) : record.image;
  if (!cell(columns.age).empty()) {
    record.age_years = table.number(row, *columns.age);
    if (*record.age_years < 0.0) table.fail(row, *columns.age, "an age below 0");
  }
  const std::string sex = name_key(cell(columns.sex));
  record.sex = sex == "f" || sex == "female" ? Sex::female
               : sex == "m" || sex == "male" ? Sex::male
                                             : Sex::unknown;
  const std::string view = name_key(cell(columns.view));
  record.view = view == "pa"   ? ViewPosition::pa
                : view == "ap" ? ViewPosition::ap
                               : ViewPosition::unknown;
  if (!cell(columns.width).empty() && !cell(columns.height).empty())
    record.frame = {read_side(table, row, *columns.width), read_side(table, row, *columns.height)};
  return record;
}

/// Records as the tables name them, with their places.
struct Images {
  std::vector<Record> records;
  std::unordered_map<std::string, std::size_t> places;
};

/// The label table's columns of findings.
std::vector<Column> finding_columns(const TableReader& table, const ImageColumns& images) {
  std::vector<Column> findings;
  std::set<std::string> keys;
  for (std::size_t i = 0; i < table.table().header.size(); ++i) {
    const std::string name(trimmed(table.table().header[i]));
    if (images.hold(i) || name.empty() || means_no_finding(name)) continue;
    if (!keys.insert(name_key(name)).second)
      throw UserError(at_row(table.table().file, 1,
                             fmt::format("the column \"{}\" is there a second time", name)));
    findings.push_back({i, name});
  }
  if (findings.empty())
    throw UserError(at_row(table.table().file, 1, "no column of a finding is there"),
                    "a table of labels has a column for the image and one a finding; a table of "
                    "boxes image,finding,x,y,width,height");
  return findings;
}

void add_label(const TableReader& table, const CsvRow& row, const Column& column, Record& record) {
  record.labels.push_back(Label::unknown);
  if (table.text(row, column).empty()) return;
  const double value = table.number(row, column);
  if (value == 1.0)
    record.labels.back() = Label::positive;
  else if (value == 0.0)
    record.labels.back() = Label::negative;
  else if (value == -1.0)
    record.uncertain.push_back(record.labels.size() - 1);
  else
    table.fail(row, column, fmt::format("the label {} is none of 1, 0 and -1 (unknown)", value));
}

/// The list that the row's image, the last one, belongs to.
void add_to_list(const TableReader& table, const CsvRow& row, const Column& column,
                 Dataset& dataset) {
  const std::string part = name_key(table.filled(row, column));
  if (part == "test")
    dataset.test.push_back(dataset.records.size() - 1);
  else if (part == "train" || part == "trainval" || part == "valid" || part == "val" ||
           part == "validate" || part == "validation")
    dataset.train_val.push_back(dataset.records.size() - 1);
  else
    table.fail(row, column,
               fmt::format("\"{}\" is none of train, valid and test", table.text(row, column)));
}

Dataset dataset_of_labels(const TableReader& table) {
  const ImageColumns columns = image_columns(table);
  const std::vector<Column> findings = finding_columns(table, columns);
  Dataset dataset;
  std::vector<std::string> names;
  for (const Column& column : findings) names.push_back(column.name);
  dataset.findings = FindingList(std::move(names));
  std::unordered_map<std::string, std::size_t> first_rows;
  for (const CsvRow& row : table.table().rows) {
    Record record = image_of_row(table, row, columns);
    const auto [first, added] = first_rows.emplace(record.image, row.number);
    if (!added)
      table.fail(row, columns.image,
                 fmt::format("the image {} is there a second time; its first row is {}",
                             record.image, first->second));
    for (const Column& column : findings) add_label(table, row, column, record);
    dataset.records.push_back(std::move(record));
    if (columns.split) add_to_list(table, row, *columns.split, dataset);
  }
  return dataset;
}

/// Images and findings that the table of boxes itself names.
Dataset dataset_of_boxes(const TableReader& table, const Column& finding) {
  const ImageColumns columns = image_columns(table);
  Dataset dataset;
  std::set<std::string> names;
  std::set<std::string> keys;
  std::unordered_map<std::string, std::size_t> places;
  for (const CsvRow& row : table.table().rows) {
    Record record = image_of_row(table, row, columns);
    if (places.emplace(record.image, dataset.records.size()).second)
      dataset.records.push_back(std::move(record));
    const std::string_view name = table.text(row, finding);
    if (!name.empty() && !means_no_finding(name) && keys.insert(name_key(name)).second)
      names.emplace(name);
  }
  dataset.findings = FindingList({names.begin(), names.end()});
  for (Record& record : dataset.records)
    record.labels.assign(dataset.findings.size(), Label::negative);
  return dataset;
}

/// Whatever the frame turns out to be, a box lies within the largest image that is read.
void check_pixels(const TableReader& table, const CsvRow& row, const Box& box) {
  constexpr auto most = static_cast<double>(kLargestSide);
  if (box.area() == 0.0) table.fail(row, "the box has no area");
  if (box.x <= -1.0 || box.y <= -1.0 || box.right() > most || box.bottom() > most)
    table.fail(row,
               fmt::format("the box from ({}, {}) to ({}, {}) is outside of every image; 0 to {} "
                           "pixels are accepted",
                           box.x, box.y, box.right(), box.bottom(), kLargestSide));
}

Dataset with_boxes(Dataset dataset, const TableReader& table, const Column& finding_column,
                   bool labels_are_known) {
  const auto image_column = find_image_column(table);
  const Column image = image_column ? *image_column : table.need({"image"});
  const BoxColumns box_columns = BoxColumns::need(table);
  const ImageNameIndex images(dataset.records);
  const FindingIndex findings(dataset.findings);
  for (const CsvRow& row : table.table().rows) {
    const std::string_view name = table.filled(row, image);
    const auto record = images.find(name);
    if (!record) table.fail(row, image, fmt::format("the table of labels does not hold {}", name));
    const std::string_view what = table.text(row, finding_column);
    const auto box = box_columns.read(table, row);
    if (what.empty() || means_no_finding(what)) {
      if (box) table.fail(row, finding_column, "a box of no finding");
      continue;
    }
    const auto finding = findings.find(what);
    if (!finding)
      table.fail(row, finding_column,
                 fmt::format("\"{}\" is no finding of the table of labels", what),
                 fmt::format("its findings are {}", fmt::join(dataset.findings.names(), ", ")));
    Record& found = dataset.records[*record];
    if (box) check_pixels(table, row, *box);
    if (box) found.boxes.push_back({*finding, *box});
    if (!labels_are_known) found.labels[*finding] = Label::positive;
  }
  return dataset;
}

bool has_image_column(const fs::path& file) {
  const CsvTable header{file, read_csv_header(file), {}};
  return header.header.size() > 1 && find_image_column(TableReader(header)).has_value();
}

bool is_box_table(const CsvTable& csv) {
  const CsvTable header{csv.file, csv.header, {}};
  const TableReader table(header);
  return find_finding_column(table) && BoxColumns::find(table);
}

bool detects_plain_csv(const fs::path& path) {
  if (fs::is_directory(path))
    return fs::exists(path / "labels.csv") || fs::exists(path / "boxes.csv") ||
           fs::exists(path / kColumnMapFile);
  return path.extension() == ".csv" && has_image_column(path);
}

}  // namespace

Dataset join_plain_tables(const std::optional<CsvTable>& labels,
                          const std::optional<CsvTable>& boxes) {
  Dataset dataset;
  if (labels) dataset = dataset_of_labels(TableReader(*labels));
  if (boxes) {
    const TableReader table(*boxes);
    const auto found = find_finding_column(table);
    const Column finding = found ? *found : table.need({"finding"});
    if (!labels) dataset = dataset_of_boxes(table, finding);
    dataset = with_boxes(std::move(dataset), table, finding, labels.has_value());
  }
  dataset.name = "csv";
  check_patients_apart(dataset, dataset.train_val, dataset.test,
                       {"the training list", "the test list"});
  if (dataset.records.empty())
    throw UserError((labels ? labels : boxes)->file.string() + " has a header and no rows",
                    "is the file cut short?");
  return dataset;
}

Dataset read_plain_csv(const fs::path& folder_or_table) {
  std::optional<CsvTable> labels;
  std::optional<CsvTable> boxes;
  Dataset dataset;
  if (fs::is_directory(folder_or_table)) {
    if (fs::exists(folder_or_table / kColumnMapFile))
      labels = read_mapped_table(folder_or_table / kColumnMapFile);
    else if (fs::exists(folder_or_table / "labels.csv"))
      labels = read_csv(folder_or_table / "labels.csv");
    if (fs::exists(folder_or_table / "boxes.csv")) boxes = read_csv(folder_or_table / "boxes.csv");
    dataset = join_plain_tables(labels, boxes);
    dataset.folder = folder_or_table;
  } else {
    CsvTable table = read_csv(folder_or_table);
    (is_box_table(table) ? boxes : labels) = std::move(table);
    dataset = join_plain_tables(labels, boxes);
    dataset.folder = folder_of(folder_or_table);
  }
  return with_frames(with_image_files(std::move(dataset)), {kPlainFrame, kPlainFrame});
}

DatasetReader plain_csv_reader() {
  return {"csv", "labels.csv, boxes.csv or columns.toml, or a CSV table with an image column",
          detects_plain_csv, read_plain_csv};
}

}  // namespace chestmap
