#include <fmt/format.h>

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

// MIMIC-CXR-JPG: Johnson et al., PhysioNet. Labels are of studies, images of a study share them.

namespace chestmap {

namespace {

namespace fs = std::filesystem;

constexpr const char* kChexpert = "mimic-cxr-2.0.0-chexpert.csv";
constexpr const char* kNegbio = "mimic-cxr-2.0.0-negbio.csv";
constexpr const char* kMetadata = "mimic-cxr-2.0.0-metadata.csv";
constexpr const char* kSplit = "mimic-cxr-2.0.0-split.csv";

/// The CheXpert labeller's table; NegBio's where that alone is there.
std::optional<fs::path> label_table(const fs::path& folder) {
  auto file = find_table(folder, kChexpert);
  return file ? file : find_table(folder, kNegbio);
}

fs::path needed_table(const fs::path& folder, const char* name) {
  if (auto file = find_table(folder, name)) return *file;
  throw UserError(fmt::format("{} is missing", (folder / name).string()),
                  "it is one of the data set's tables, and may be compressed (.csv.gz)");
}

/// Labels by study.
std::unordered_map<std::string, Record> read_labels(const fs::path& file) {
  const CsvTable csv = read_table(file);
  const TableReader table(csv);
  const Column study = table.need({"study_id"});
  const CheXpertColumns labels(table);
  std::unordered_map<std::string, Record> studies;
  studies.reserve(csv.rows.size());
  for (const CsvRow& row : csv.rows) {
    Record record;
    labels.read(table, row, record);
    if (!studies.emplace(table.filled(row, study), std::move(record)).second)
      table.fail(row, study,
                 fmt::format("the study {} is there a second time", table.text(row, study)));
  }
  return studies;
}

/// files/p10/p10000032/s50414267/DICOM.jpg of MIMIC-CXR-JPG, or DICOM.dcm of MIMIC-CXR.
fs::path file_of(const fs::path& folder, const std::string& patient, const std::string& study,
                 const std::string& dicom) {
  const fs::path study_folder = folder / "files" / fmt::format("p{}", patient.substr(0, 2)) /
                                fmt::format("p{}", patient) / fmt::format("s{}", study);
  for (const char* ending : {".jpg", ".dcm"})
    if (fs::path file = study_folder / (dicom + ending); is_there(file)) return file;
  return {};
}

std::size_t read_side(const TableReader& table, const CsvRow& row, const Column& column) {
  const double side = table.number(row, column);
  if (!(side >= 1.0 && side <= static_cast<double>(kLargestSide)))
    table.fail(row, column, fmt::format("{} is no image side", side));
  return static_cast<std::size_t>(side);
}

void add_images(Dataset& dataset, const fs::path& file,
                std::unordered_map<std::string, Record> studies) {
  const CsvTable csv = read_table(file);
  const TableReader table(csv);
  const Column dicom = table.need({"dicom_id"});
  const Column patient = table.need({"subject_id"});
  const Column study = table.need({"study_id"});
  const Column view = table.need({"ViewPosition"});
  const Column rows = table.need({"Rows"});
  const Column columns = table.need({"Columns"});
  for (const CsvRow& row : csv.rows) {
    const std::string image = std::string(table.filled(row, dicom)) + ".jpg";
    const std::string_view position = table.text(row, view);
    if (position != "PA" && position != "AP") {
      dataset.skipped.push_back({image, "a view that is neither PA nor AP"});
      continue;
    }
    const std::string study_id(table.filled(row, study));
    const auto labels = studies.find(study_id);
    if (labels == studies.end()) {
      dataset.skipped.push_back({image, "its study has no labels"});
      continue;
    }
    Record record = labels->second;
    record.image = image;
    record.id = table.text(row, dicom);
    record.patient = table.filled(row, patient);
    record.view = position == "PA" ? ViewPosition::pa : ViewPosition::ap;
    record.frame = {read_side(table, row, columns), read_side(table, row, rows)};
    record.file = file_of(dataset.folder, record.patient, study_id, record.id);
    dataset.records.push_back(std::move(record));
  }
}

/// train and validate make the training list, test the test list.
void add_lists(Dataset& dataset, const fs::path& file) {
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < dataset.records.size(); ++i) places[dataset.records[i].id] = i;
  const CsvTable csv = read_table(file);
  const TableReader table(csv);
  const Column dicom = table.need({"dicom_id"});
  const Column split = table.need({"split"});
  for (const CsvRow& row : csv.rows) {
    const std::string_view part = table.filled(row, split);
    if (part != "train" && part != "validate" && part != "test")
      table.fail(row, split, fmt::format("\"{}\" is none of train, validate, test", part));
    const auto place = places.find(std::string(table.filled(row, dicom)));
    if (place == places.end()) continue;  // a lateral view
    (part == "test" ? dataset.test : dataset.train_val).push_back(place->second);
  }
}

bool detects_mimic_cxr(const fs::path& path) {
  return fs::is_directory(path) && label_table(path).has_value();
}

Dataset read_mimic_cxr(const fs::path& folder) {
  Dataset dataset;
  dataset.name = "mimic-cxr";
  dataset.folder = folder;
  dataset.findings = CheXpertColumns::findings();
  add_images(dataset, needed_table(folder, kMetadata), read_labels(*label_table(folder)));
  if (dataset.records.empty())
    throw UserError(folder.string() + ": the tables name no frontal image with labels",
                    "is a file cut short?");
  if (const auto file = find_table(folder, kSplit)) add_lists(dataset, *file);
  return with_image_files(std::move(dataset));
}

}  // namespace

DatasetReader mimic_cxr_reader() {
  return {"mimic-cxr", fmt::format("{} or {}, also .gz", kChexpert, kNegbio), detects_mimic_cxr,
          read_mimic_cxr};
}

}  // namespace chestmap
