#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/table.h"
#include "data/attach_images.h"
#include "data/chexpert_labels.h"
#include "data/readers.h"
#include "data/table_file.h"

// CheXpert: Irvin et al., AAAI 2019. train.csv, valid.csv and, where it is there, test.csv.

namespace chestmap {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLateral = "a lateral view";

/// Side of the frame that is assumed where neither tables nor image files tell it.
constexpr ImageSize kFrame{320, 320};

/// "patient00001" and "patient00001_study1_view1_frontal.jpg", as CheXlocalize names the image, of
/// CheXpert-v1.0/train/patient00001/study1/view1_frontal.jpg.
struct ImageNames {
  std::string patient;
  std::string image;
};

ImageNames names_of(const TableReader& table, const CsvRow& row, const Column& path) {
  const fs::path parts(table.filled(row, path));
  const std::string patient = parts.parent_path().parent_path().filename().string();
  const std::string study = parts.parent_path().filename().string();
  if (patient.empty() || study.empty())
    table.fail(row, path, fmt::format("\"{}\" is no path of an image", parts.string()),
               "CheXpert-v1.0/train/patient00001/study1/view1_frontal.jpg was expected");
  return {patient, fmt::format("{}_{}_{}", patient, study, parts.filename().string())};
}

/// The image under the folder that holds the tables, or beside it: paths begin with its name.
fs::path file_of(const fs::path& folder, const fs::path& path) {
  fs::path below;
  for (auto part = path.begin(); part != path.end(); ++part)
    if (part != path.begin()) below /= *part;
  for (fs::path candidate : {folder / below, folder / path})
    if (is_there(candidate)) return candidate;
  return {};
}

struct Columns {
  Column path;
  std::optional<Column> sex;
  std::optional<Column> age;
  std::optional<Column> side;
  std::optional<Column> view;
};

Record record_of(const TableReader& table, const CsvRow& row, const Columns& columns) {
  const auto cell = [&](const std::optional<Column>& column) {
    return column ? table.text(row, *column) : std::string_view();
  };
  Record record;
  auto [patient, image] = names_of(table, row, columns.path);
  record.patient = std::move(patient);
  record.image = std::move(image);
  record.sex = cell(columns.sex) == "Female" ? Sex::female
               : cell(columns.sex) == "Male" ? Sex::male
                                             : Sex::unknown;
  record.view = cell(columns.view) == "PA"   ? ViewPosition::pa
                : cell(columns.view) == "AP" ? ViewPosition::ap
                                             : ViewPosition::unknown;
  if (!cell(columns.age).empty()) record.age_years = table.number(row, *columns.age);
  return record;
}

/// Adds the table's frontal images, and gives their places.
std::vector<std::size_t> add_table(Dataset& dataset, const fs::path& file,
                                   std::unordered_map<std::string, std::string>& first_rows) {
  const CsvTable csv = read_table(file);
  const TableReader table(csv);
  const Columns columns{table.need({"Path"}), table.find({"Sex"}), table.find({"Age"}),
                        table.find({"Frontal/Lateral"}), table.find({"AP/PA"})};
  const CheXpertColumns labels(table);
  std::vector<std::size_t> places;
  for (const CsvRow& row : csv.rows) {
    Record record = record_of(table, row, columns);
    const auto [first, added] = first_rows.emplace(
        record.image, fmt::format("{}:{}", file.filename().string(), row.number));
    if (!added)
      table.fail(row, columns.path,
                 fmt::format("the image {} is there a second time; its first row is {}",
                             record.image, first->second));
    const bool is_lateral = columns.side ? table.text(row, *columns.side) == "Lateral"
                                         : record.image.find("lateral") != std::string::npos;
    if (is_lateral) {
      dataset.skipped.push_back({record.image, std::string(kLateral)});
      continue;
    }
    labels.read(table, row, record);
    record.file = file_of(dataset.folder, fs::path(table.text(row, columns.path)));
    places.push_back(dataset.records.size());
    dataset.records.push_back(std::move(record));
  }
  return places;
}

/// train.csv or valid.csv with CheXpert's columns.
bool is_chexpert_table(const fs::path& file) {
  const std::vector<std::string> header = read_table_header(file);
  const auto has = [&header](std::string_view name) {
    return std::find(header.begin(), header.end(), name) != header.end();
  };
  return has("Path") && has("Enlarged Cardiomediastinum");
}

bool detects_chexpert(const fs::path& path) {
  if (!fs::is_directory(path)) return false;
  for (const char* name : {"train.csv", "valid.csv", "test.csv"})
    if (const auto file = find_table(path, name); file && is_chexpert_table(*file)) return true;
  return false;
}

Dataset read_chexpert(const fs::path& folder) {
  Dataset dataset;
  dataset.name = "chexpert";
  dataset.folder = folder;
  dataset.findings = CheXpertColumns::findings();
  std::unordered_map<std::string, std::string> first_rows;
  if (const auto file = find_table(folder, "train.csv"))
    dataset.train_val = add_table(dataset, *file, first_rows);
  if (const auto file = find_table(folder, "valid.csv"))
    dataset.test = add_table(dataset, *file, first_rows);
  if (const auto file = find_table(folder, "test.csv"))
    dataset.test = add_table(dataset, *file, first_rows);
  if (dataset.records.empty())
    throw UserError(folder.string() + ": the tables name no frontal image", "is a file cut short?");
  return with_frames(with_image_files(std::move(dataset)), kFrame);
}

}  // namespace

DatasetReader chexpert_reader() {
  return {"chexpert", "train.csv or valid.csv with the columns Path and Enlarged Cardiomediastinum",
          detects_chexpert, read_chexpert};
}

}  // namespace chestmap
