#include "data/rsna.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "base/table.h"
#include "data/attach_images.h"
#include "data/image_files.h"
#include "data/image_list.h"
#include "data/readers.h"

namespace chestmap {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLabelTable = "stage_2_train_labels.csv";
constexpr std::string_view kClassTable = "stage_2_detailed_class_info.csv";
constexpr std::string_view kBoxed = "Lung Opacity";

struct Columns {
  Column patient;
  std::array<Column, 4> box;
  Column target;
};

bool read_target(const TableReader& table, const CsvRow& row, const Columns& columns) {
  const double target = table.number(row, columns.target);
  if (target != 0.0 && target != 1.0)
    table.fail(row, columns.target, fmt::format("{} is neither 0 nor 1", target));
  return target == 1.0;
}

Box read_box(const TableReader& table, const CsvRow& row, const Columns& columns) {
  std::array<double, 4> v{};
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = table.number(row, columns.box[i]);
  const Box box{v[0], v[1], v[2], v[3]};
  constexpr auto side = static_cast<double>(kRsnaFrame);
  if (box.width <= 0.0 || box.height <= 0.0 || box.x < 0.0 || box.y < 0.0 || box.right() > side ||
      box.bottom() > side)
    table.fail(row, fmt::format("the box x={} y={} width={} height={} has no area or leaves the "
                                "{}x{} frame",
                                box.x, box.y, box.width, box.height, kRsnaFrame, kRsnaFrame));
  return box;
}

void add_row(const TableReader& table, const CsvRow& row, const Columns& columns, Record& record,
             bool is_new) {
  const bool target = read_target(table, row, columns);
  const Label label = target ? Label::positive : Label::negative;
  if (is_new) {
    record.labels = {label};
  } else if (record.labels[0] != label) {
    table.fail(row, columns.target,
               fmt::format("{} has rows with Target 0 and with Target 1", record.patient));
  }
  if (target) {
    record.boxes.push_back({0, read_box(table, row, columns)});
    return;
  }
  for (const Column& column : columns.box)
    if (!table.text(row, column).empty())
      table.fail(row, column, "a box stands in a row with Target 0");
}

void check_class_info(const Dataset& dataset, const CsvTable& csv) {
  const TableReader table(csv);
  const Column patient = table.need({"patientId"});
  const Column kind = table.need({"class"});
  const ImageIndex index = image_index(dataset.records);
  for (const CsvRow& row : csv.rows) {
    const auto found = index.find(std::string(table.filled(row, patient)));
    if (found == index.end()) continue;
    const bool boxed = table.filled(row, kind) == kBoxed;
    if (boxed != (dataset.records[found->second].labels[0] == Label::positive))
      table.fail(row, kind,
                 fmt::format("{} is \"{}\" here; {} says otherwise", table.text(row, patient),
                             table.text(row, kind), kLabelTable),
                 "do both tables belong to the same stage of the challenge?");
  }
}

bool has_rsna_header(const fs::path& file) {
  bool patient = false;
  bool target = false;
  for (const std::string& field : read_csv_header(file)) {
    patient = patient || trimmed(field) == "patientId";
    target = target || trimmed(field) == "Target";
  }
  return patient && target;
}

bool detects_rsna(const fs::path& path) {
  return fs::is_directory(path) ? fs::exists(path / kLabelTable) : has_rsna_header(path);
}

}  // namespace

Dataset join_rsna_tables(const CsvTable& labels, const std::optional<CsvTable>& class_info) {
  const TableReader table(labels);
  const Columns columns{
      table.need({"patientId"}),
      {table.need({"x"}), table.need({"y"}), table.need({"width"}), table.need({"height"})},
      table.need({"Target"})};
  Dataset dataset;
  dataset.name = "rsna-pneumonia";
  dataset.findings = FindingList({"Pneumonia"});
  std::unordered_map<std::string, std::size_t> places;
  for (const CsvRow& row : labels.rows) {
    const std::string patient(table.filled(row, columns.patient));
    const auto [place, added] = places.emplace(patient, dataset.records.size());
    if (added) {
      dataset.records.emplace_back();
      dataset.records.back().image = patient;
      dataset.records.back().patient = patient;
      dataset.records.back().frame = {kRsnaFrame, kRsnaFrame};
    }
    add_row(table, row, columns, dataset.records[place->second], added);
  }
  if (dataset.records.empty())
    throw UserError(labels.file.string() + " has a header and no rows", "is the file cut short?");
  if (class_info) check_class_info(dataset, *class_info);
  return dataset;
}

Dataset read_rsna(const fs::path& folder_or_table) {
  const bool is_folder = fs::is_directory(folder_or_table);
  const fs::path table = is_folder ? folder_or_table / kLabelTable : folder_or_table;
  const fs::path class_file = folder_of(table) / kClassTable;
  std::optional<CsvTable> class_info;
  if (fs::exists(class_file)) class_info = read_csv(class_file);
  Dataset dataset = join_rsna_tables(read_csv(table), class_info);
  dataset.folder = is_folder ? folder_or_table : folder_of(table);
  return with_image_files(std::move(dataset));
}

DatasetReader rsna_reader() {
  return {"rsna-pneumonia", std::string(kLabelTable), detects_rsna, read_rsna};
}

}  // namespace chestmap
