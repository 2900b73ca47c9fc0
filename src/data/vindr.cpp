#include "data/vindr.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/table.h"
#include "data/attach_images.h"
#include "data/consensus.h"
#include "data/image_files.h"
#include "data/name_index.h"
#include "data/readers.h"

namespace chestmap {

namespace {

namespace fs = std::filesystem;

/// What the readers of one image said.
struct Readings {
  std::string image;
  std::set<std::size_t> readers;
  std::map<std::size_t, std::set<std::size_t>> votes;   ///< finding -> readers
  std::map<std::size_t, std::vector<ReaderBox>> boxes;  ///< finding -> boxes
  bool is_test = false;
};

/// Joins the tables row by row. Findings are numbered as they come and sorted at the end.
class VindrJoin {
 public:
  void add(const CsvTable& csv, bool is_test) {
    const TableReader table(csv);
    if (table.find({"class_name"}))
      add_boxes(table, is_test);
    else
      add_labels(table, is_test);
  }

  [[nodiscard]] Dataset finish() const;

 private:
  void add_boxes(const TableReader& table, bool is_test);
  void add_labels(const TableReader& table, bool is_test);
  [[nodiscard]] std::size_t finding(std::string_view name);
  [[nodiscard]] Readings& readings(std::string_view image, bool is_test, const TableReader& table,
                                   const CsvRow& row);
  [[nodiscard]] std::size_t reader(const TableReader& table, const CsvRow& row,
                                   const std::optional<Column>& column);
  [[nodiscard]] std::vector<std::size_t> finding_order() const;

  std::vector<std::string> findings_;
  std::unordered_map<std::string, std::size_t> finding_places_;
  std::vector<std::optional<std::int64_t>> class_ids_;
  std::map<std::string, std::size_t, std::less<>> readers_;
  std::vector<Readings> images_;
  std::unordered_map<std::string, std::size_t> image_places_;
};

std::size_t VindrJoin::finding(std::string_view name) {
  const auto [place, added] = finding_places_.emplace(name_key(name), findings_.size());
  if (added) {
    findings_.emplace_back(name);
    class_ids_.emplace_back();
  }
  return place->second;
}

Readings& VindrJoin::readings(std::string_view image, bool is_test, const TableReader& table,
                              const CsvRow& row) {
  const auto [place, added] = image_places_.emplace(image, images_.size());
  if (added) {
    images_.push_back({std::string(image), {}, {}, {}, is_test});
  } else if (images_[place->second].is_test != is_test) {
    table.fail(row, fmt::format("the image {} stands in the tables of both parts", image),
               "train and test must not share images");
  }
  return images_[place->second];
}

std::size_t VindrJoin::reader(const TableReader& table, const CsvRow& row,
                              const std::optional<Column>& column) {
  const std::string_view name = column ? table.filled(row, *column) : std::string_view("consensus");
  return readers_.emplace(name, readers_.size()).first->second;
}

Box corners_to_box(const TableReader& table, const CsvRow& row,
                   const std::array<Column, 4>& corners) {
  std::array<double, 4> at{};
  for (std::size_t i = 0; i < at.size(); ++i) {
    at[i] = table.number(row, corners[i]);
    // Widths of real images are four digits; beyond this, a coordinate is no pixel.
    if (at[i] < -1.0 || at[i] > static_cast<double>(kLargestSide))
      table.fail(row, corners[i],
                 fmt::format("{} is outside of every image; 0 to {} pixels are accepted", at[i],
                             kLargestSide));
  }
  const Box box{at[0], at[1], at[2] - at[0], at[3] - at[1]};
  if (box.width <= 0.0 || box.height <= 0.0)
    table.fail(
        row,
        fmt::format("the box from ({}, {}) to ({}, {}) has no area", at[0], at[1], at[2], at[3]),
        "a box is x_min,y_min,x_max,y_max");
  return box;
}

void VindrJoin::add_boxes(const TableReader& table, bool is_test) {
  const Column image = table.need({"image_id"});
  const Column class_name = table.need({"class_name"});
  const std::optional<Column> rad = table.find({"rad_id"});
  const std::optional<Column> class_id = table.find({"class_id"});
  const std::array<Column, 4> corners = {table.need({"x_min"}), table.need({"y_min"}),
                                         table.need({"x_max"}), table.need({"y_max"})};
  for (const CsvRow& row : table.table().rows) {
    Readings& of_image = readings(table.filled(row, image), is_test, table, row);
    const std::size_t who = reader(table, row, rad);
    of_image.readers.insert(who);
    const std::string_view name = table.filled(row, class_name);
    if (means_no_finding(name)) continue;
    const std::size_t what = finding(name);
    if (class_id) {
      const double id = table.number(row, *class_id);
      if (id != std::floor(id) || std::abs(id) > 1e6)
        table.fail(row, *class_id, fmt::format("{} is no class number", id));
      const auto number = static_cast<std::int64_t>(id);
      if (class_ids_[what].value_or(number) != number)
        table.fail(row, *class_id,
                   fmt::format("the class {} has number {} here and {} further up", name, number,
                               *class_ids_[what]));
      class_ids_[what] = number;
    }
    of_image.votes[what].insert(who);
    const bool boxless = std::all_of(corners.begin(), corners.end(), [&](const Column& corner) {
      return table.text(row, corner).empty();
    });
    if (boxless) continue;  // a global label
    std::vector<ReaderBox>& boxes = of_image.boxes[what];
    if (boxes.size() == kMostReaderBoxes)
      table.fail(row, fmt::format("more than {} boxes of {} on one image", kMostReaderBoxes, name));
    boxes.push_back({who, corners_to_box(table, row, corners)});
  }
}

void VindrJoin::add_labels(const TableReader& table, bool is_test) {
  const Column image = table.need({"image_id"});
  const std::optional<Column> rad = table.find({"rad_id"});
  std::vector<std::pair<Column, std::size_t>> columns;
  for (std::size_t i = 0; i < table.table().header.size(); ++i) {
    const std::string_view name = trimmed(table.table().header[i]);
    if (i == image.place || (rad && i == rad->place) || name.empty() || means_no_finding(name))
      continue;
    columns.push_back({{i, std::string(name)}, finding(name)});
  }
  for (const CsvRow& row : table.table().rows) {
    Readings& of_image = readings(table.filled(row, image), is_test, table, row);
    const std::size_t who = reader(table, row, rad);
    of_image.readers.insert(who);
    for (const auto& [column, what] : columns) {
      const double value = table.number(row, column);
      if (value != 0.0 && value != 1.0)
        table.fail(row, column, fmt::format("the label {} is neither 0 nor 1", value));
      if (value == 1.0) of_image.votes[what].insert(who);
    }
  }
}

/// By class number where each finding has one, else by name.
std::vector<std::size_t> VindrJoin::finding_order() const {
  std::vector<std::size_t> order(findings_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const bool numbered = std::all_of(class_ids_.begin(), class_ids_.end(),
                                    [](const auto& id) { return id.has_value(); });
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return numbered ? *class_ids_[a] < *class_ids_[b] : findings_[a] < findings_[b];
  });
  return order;
}

Dataset VindrJoin::finish() const {
  Dataset dataset;
  dataset.name = "vindr-cxr";
  const std::vector<std::size_t> order = finding_order();
  std::vector<std::string> names;
  bool numbered = true;
  for (const std::size_t what : order) {
    names.push_back(findings_[what]);
    numbered = numbered && class_ids_[what];
    dataset.category_ids.push_back(class_ids_[what].value_or(0));
  }
  if (!numbered) dataset.category_ids.clear();
  dataset.findings = FindingList(std::move(names));
  const bool has_test =
      std::any_of(images_.begin(), images_.end(), [&](const Readings& r) { return r.is_test; });
  for (const Readings& of_image : images_) {
    Record record;
    record.image = of_image.image;
    record.patient = of_image.image;
    for (std::size_t f = 0; f < order.size(); ++f) {
      const auto votes = of_image.votes.find(order[f]);
      const bool positive = votes != of_image.votes.end() &&
                            is_majority(votes->second.size(), of_image.readers.size());
      record.labels.push_back(positive ? Label::positive : Label::negative);
      if (const auto boxes = of_image.boxes.find(order[f]); boxes != of_image.boxes.end())
        for (const Box& box : consensus_boxes(boxes->second, of_image.readers.size()))
          record.boxes.push_back({f, box});
    }
    if (has_test)
      (of_image.is_test ? dataset.test : dataset.train_val).push_back(dataset.records.size());
    dataset.records.push_back(std::move(record));
  }
  return dataset;
}

constexpr std::array<const char*, 3> kTrainTables = {"annotations_train.csv",
                                                     "image_labels_train.csv", "train.csv"};
constexpr std::array<const char*, 2> kTestTables = {"annotations_test.csv",
                                                    "image_labels_test.csv"};

/// The folder that holds the tables; nothing where there is none.
std::optional<fs::path> table_folder(const fs::path& folder) {
  for (const fs::path& candidate : {folder, folder / "annotations"}) {
    for (const char* name : kTrainTables)
      if (std::string_view(name) != "train.csv" && fs::exists(candidate / name)) return candidate;
    for (const char* name : kTestTables)
      if (fs::exists(candidate / name)) return candidate;
  }
  return std::nullopt;
}

/// Whether the table's header is that of a VinDr-CXR table of boxes.
bool has_vindr_header(const fs::path& file) {
  const std::vector<std::string> header = read_csv_header(file);
  const auto has = [&](std::string_view name) {
    return std::any_of(header.begin(), header.end(),
                       [&](const std::string& field) { return trimmed(field) == name; });
  };
  return has("image_id") && has("class_name") && has("x_min") && has("y_max");
}

bool detects_vindr(const fs::path& path) {
  if (!fs::is_directory(path))
    return has_vindr_header(path) || path.filename().string().starts_with("image_labels_");
  return table_folder(path) ||
         (fs::exists(path / "train.csv") && has_vindr_header(path / "train.csv"));
}

std::vector<CsvTable> tables_of(const fs::path& folder, std::span<const char* const> names) {
  std::vector<CsvTable> tables;
  for (const char* name : names)
    if (fs::exists(folder / name)) tables.push_back(read_csv(folder / name));
  return tables;
}

}  // namespace

Dataset join_vindr_tables(const std::vector<CsvTable>& train, const std::vector<CsvTable>& test) {
  VindrJoin join;
  for (const CsvTable& table : train) join.add(table, false);
  for (const CsvTable& table : test) join.add(table, true);
  return join.finish();
}

Dataset read_vindr(const fs::path& folder_or_table) {
  Dataset dataset;
  if (!fs::is_directory(folder_or_table)) {
    dataset = join_vindr_tables({read_csv(folder_or_table)}, {});
    dataset.folder = folder_of(folder_or_table);
  } else {
    const auto folder = table_folder(folder_or_table).value_or(folder_or_table);
    dataset = join_vindr_tables(tables_of(folder, kTrainTables), tables_of(folder, kTestTables));
    dataset.folder = folder_or_table;
  }
  if (dataset.records.empty())
    throw UserError(folder_or_table.string() + ": the tables have headers and no rows",
                    "is a file cut short?");
  return with_frames(with_image_files(std::move(dataset)), {kVindrFrame, kVindrFrame});
}

DatasetReader vindr_reader() {
  return {"vindr-cxr",
          "annotations_train.csv, annotations_test.csv, or a train.csv with image_id, class_name, "
          "x_min, y_min, x_max, y_max",
          detects_vindr, read_vindr};
}

}  // namespace chestmap
