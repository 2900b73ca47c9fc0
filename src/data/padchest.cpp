#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/table.h"
#include "data/attach_images.h"
#include "data/chestxray14.h"
#include "data/readers.h"
#include "data/table_file.h"

// PadChest: Bustos et al., Medical Image Analysis 2020. A row an image; its labels are a list of
// radiographic findings and diagnoses, of which those count that mean one of ChestX-ray14's.

namespace chestmap {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTablePrefix = "PADCHEST_chest_x_ray_images_labels";

struct Meaning {
  std::string_view label;
  std::string_view finding;
};

/// Which labels mean which finding of ChestX-ray14: the label of that name and, by PadChest's own
/// tree of terms, those below it. Ours; docs/formats.md shows it.
constexpr std::array<Meaning, 29> kMeanings = {{
    {"atelectasis", "Atelectasis"},
    {"atelectasis basal", "Atelectasis"},
    {"laminar atelectasis", "Atelectasis"},
    {"lobar atelectasis", "Atelectasis"},
    {"round atelectasis", "Atelectasis"},
    {"segmental atelectasis", "Atelectasis"},
    {"total atelectasis", "Atelectasis"},
    {"cardiomegaly", "Cardiomegaly"},
    {"pleural effusion", "Effusion"},
    {"loculated pleural effusion", "Effusion"},
    {"loculated fissural effusion", "Effusion"},
    {"hydropneumothorax", "Effusion"},
    {"infiltrates", "Infiltration"},
    {"mass", "Mass"},
    {"pulmonary mass", "Mass"},
    {"nodule", "Nodule"},
    {"multiple nodules", "Nodule"},
    {"pneumonia", "Pneumonia"},
    {"atypical pneumonia", "Pneumonia"},
    {"pneumothorax", "Pneumothorax"},
    {"hydropneumothorax", "Pneumothorax"},
    {"consolidation", "Consolidation"},
    {"pulmonary edema", "Edema"},
    {"emphysema", "Emphysema"},
    {"pulmonary fibrosis", "Fibrosis"},
    {"pleural thickening", "Pleural_Thickening"},
    {"apical pleural thickening", "Pleural_Thickening"},
    {"calcified pleural thickening", "Pleural_Thickening"},
    {"hiatal hernia", "Hernia"},
}};
struct Columns {
  Column image;
  Column patient;
  Column labels;
  Column projection;
  std::optional<Column> folder;
  std::optional<Column> birth;
  std::optional<Column> date;
  std::optional<Column> sex;
  std::optional<Column> rows;
  std::optional<Column> columns;
};

/// The entries of "['pneumonia', 'pleural effusion']", as Python prints a list of texts.
std::vector<std::string> parse_list(const TableReader& table, const CsvRow& row,
                                    const Column& column) {
  const std::string_view text = table.text(row, column);
  const auto fail = [&] {
    table.fail(row, column, fmt::format("\"{}\" is no list of labels", text),
               "['pneumonia', 'pleural effusion'] was expected");
  };
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') fail();
  std::vector<std::string> entries;
  const std::string_view inside = text.substr(1, text.size() - 2);
  for (std::size_t at = 0; at < inside.size();) {
    const char quote = inside[at];
    if (quote == ' ' || quote == ',') {
      ++at;
      continue;
    }
    const std::size_t end = inside.find(quote, at + 1);
    if ((quote != '\'' && quote != '"') || end == std::string_view::npos) fail();
    entries.emplace_back(trimmed(inside.substr(at + 1, end - at - 1)));
    at = end + 1;
  }
  return entries;
}

void add_label(Record& record, const std::string& label) {
  for (const Meaning& meaning : kMeanings)
    if (label == meaning.label)
      record.labels[*chestxray14_findings().find(meaning.finding)] = Label::positive;
}

/// Why the image takes no part; empty where it does.
std::string why_left_out(std::string_view projection, const std::vector<std::string>& labels) {
  if (!projection.starts_with("PA") && !projection.starts_with("AP"))
    return fmt::format("the projection \"{}\" is neither PA nor AP", projection);
  for (const std::string& label : labels)
    if (label == "exclude" || label == "suboptimal study")
      return fmt::format("the data set labels it \"{}\"", label);
  return {};
}

std::optional<double> number_in(const TableReader& table, const CsvRow& row,
                                const std::optional<Column>& column) {
  if (!column || table.text(row, *column).empty()) return std::nullopt;
  return parse_number(table.text(row, *column));
}

/// From the year of birth and the date of the study, 20140915.
std::optional<double> age_of(const TableReader& table, const CsvRow& row, const Columns& columns) {
  const auto birth = number_in(table, row, columns.birth);
  const auto date = number_in(table, row, columns.date);
  if (!birth || !date) return std::nullopt;
  const double age = std::floor(*date / 10000.0) - *birth;
  return age >= 0.0 ? std::optional(age) : std::nullopt;
}

ImageSize frame_of(const TableReader& table, const CsvRow& row, const Columns& columns) {
  const double width = number_in(table, row, columns.columns).value_or(0.0);
  const double height = number_in(table, row, columns.rows).value_or(0.0);
  constexpr auto most = static_cast<double>(kLargestSide);
  if (!(width >= 1.0 && width <= most && height >= 1.0 && height <= most)) return {};
  return {static_cast<std::size_t>(width), static_cast<std::size_t>(height)};
}

/// In the folder of its number, as the archives are named, or beside the table.
fs::path file_of(const fs::path& folder, std::string_view part, const std::string& image) {
  fs::path file = folder / part / image;
  return is_there(file) ? file : fs::path();
}

void add_row(Dataset& dataset, const TableReader& table, const CsvRow& row,
             const Columns& columns) {
  const std::string image(table.filled(row, columns.image));
  const std::string_view list = table.text(row, columns.labels);
  if (list.empty() || list == "nan") {
    dataset.skipped.push_back({image, "it has no labels"});
    return;
  }
  const std::vector<std::string> labels = parse_list(table, row, columns.labels);
  if (std::string reason = why_left_out(table.text(row, columns.projection), labels);
      !reason.empty()) {
    dataset.skipped.push_back({image, std::move(reason)});
    return;
  }
  Record record;
  record.image = image;
  record.patient = table.filled(row, columns.patient);
  record.labels.assign(dataset.findings.size(), Label::negative);
  for (const std::string& label : labels) add_label(record, label);
  record.view =
      table.text(row, columns.projection).starts_with("PA") ? ViewPosition::pa : ViewPosition::ap;
  if (columns.sex) {
    const std::string_view sex = table.text(row, *columns.sex);
    record.sex = sex == "F" ? Sex::female : sex == "M" ? Sex::male : Sex::unknown;
  }
  record.age_years = age_of(table, row, columns);
  record.frame = frame_of(table, row, columns);
  record.file =
      file_of(dataset.folder,
              columns.folder ? table.text(row, *columns.folder) : std::string_view(), image);
  dataset.records.push_back(std::move(record));
}

std::optional<fs::path> padchest_table(const fs::path& folder) {
  if (!fs::is_directory(folder)) return std::nullopt;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kTablePrefix) && (name.ends_with(".csv") || name.ends_with(".csv.gz")))
      return entry.path();
  }
  return std::nullopt;
}

Dataset read_padchest(const fs::path& folder) {
  const CsvTable csv = read_table(*padchest_table(folder));
  const TableReader table(csv);
  const Columns columns{table.need({"ImageID"}),         table.need({"PatientID"}),
                        table.need({"Labels"}),          table.need({"Projection"}),
                        table.find({"ImageDir"}),        table.find({"PatientBirth"}),
                        table.find({"StudyDate_DICOM"}), table.find({"PatientSex_DICOM"}),
                        table.find({"Rows_DICOM"}),      table.find({"Columns_DICOM"})};
  Dataset dataset;
  dataset.name = "padchest";
  dataset.folder = folder;
  dataset.findings = chestxray14_findings();
  for (const CsvRow& row : csv.rows) add_row(dataset, table, row, columns);
  if (dataset.records.empty())
    throw UserError(csv.file.string() + " names no frontal image with labels",
                    "is the file cut short?");
  constexpr ImageSize frame{2048, 2048};
  return with_frames(with_image_files(std::move(dataset)), frame);
}

bool detects_padchest(const fs::path& path) { return padchest_table(path).has_value(); }

}  // namespace

DatasetReader padchest_reader() {
  return {"padchest", fmt::format("{}*.csv, also .gz", kTablePrefix), detects_padchest,
          read_padchest};
}

}  // namespace chestmap
