#include "data/chestxray14.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "base/log.h"
#include "data/chestxray14_tables.h"
#include "data/image_files.h"
#include "data/image_list.h"
#include "data/readers.h"
#include "data/skipped.h"
#include "data/split.h"

namespace chestmap {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTable2020 = "Data_Entry_2017_v2020.csv";
constexpr std::string_view kTable2017 = "Data_Entry_2017.csv";
constexpr std::string_view kBoxTable = "BBox_List_2017.csv";
constexpr std::string_view kTrainValList = "train_val_list.txt";
constexpr std::string_view kTestList = "test_list.txt";

fs::path label_table(const fs::path& folder) {
  fs::path newer = folder / kTable2020;
  fs::path older = folder / kTable2017;
  if (!fs::exists(newer)) return older;
  if (fs::exists(older))
    note("{} holds both {} and {}; the labels are those of {}", folder.string(), kTable2020,
         kTable2017, kTable2020);
  return newer;
}

std::vector<std::size_t> official_list(const fs::path& file, const ImageIndex& index) {
  if (!fs::exists(file)) return {};
  return read_image_list(file, index);
}

std::vector<std::size_t> moved(const std::vector<std::size_t>& places,
                               const std::vector<std::optional<std::size_t>>& moves) {
  std::vector<std::size_t> result;
  result.reserve(places.size());
  for (const std::size_t place : places)
    if (const auto to = moves[place]) result.push_back(*to);
  return result;
}

/// Fills in the files. Where some are there, the records without one go to `skipped`.
Dataset with_images(Dataset dataset, const ImageIndex& index) {
  bool any = false;
  for (ImageFile& image : find_image_files(dataset.folder)) {
    const auto found = index.find(image.name);
    if (found == index.end()) continue;
    dataset.records[found->second].file = std::move(image.path);
    any = true;
  }
  if (!any) return dataset;
  std::vector<Record> present;
  std::vector<std::optional<std::size_t>> moves(dataset.records.size());
  present.reserve(dataset.records.size());
  for (std::size_t i = 0; i < dataset.records.size(); ++i) {
    Record& record = dataset.records[i];
    if (record.file.empty()) {
      dataset.skipped.push_back({record.image, std::string(kImageNotInFolder)});
    } else {
      moves[i] = present.size();
      present.push_back(std::move(record));
    }
  }
  dataset.records = std::move(present);
  dataset.train_val = moved(dataset.train_val, moves);
  dataset.test = moved(dataset.test, moves);
  return dataset;
}

bool detects_chestxray14(const fs::path& folder) {
  return fs::exists(folder / kTable2020) || fs::exists(folder / kTable2017);
}

}  // namespace

const FindingList& chestxray14_findings() {
  static const FindingList findings({"Atelectasis", "Cardiomegaly", "Effusion", "Infiltration",
                                     "Mass", "Nodule", "Pneumonia", "Pneumothorax", "Consolidation",
                                     "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening",
                                     "Hernia"});
  return findings;
}

Dataset read_chestxray14(const fs::path& folder) {
  ChestXray14Table table = read_chestxray14_table(label_table(folder));
  if (fs::exists(folder / kBoxTable))
    table = with_chestxray14_boxes(std::move(table), folder / kBoxTable);
  Dataset dataset;
  dataset.name = "chestxray14";
  dataset.folder = folder;
  dataset.findings = chestxray14_findings();
  dataset.records = std::move(table.records);
  dataset.train_val = official_list(folder / kTrainValList, table.index);
  dataset.test = official_list(folder / kTestList, table.index);
  check_patients_apart(dataset, dataset.train_val, dataset.test,
                       {(folder / kTrainValList).string(), (folder / kTestList).string()});
  return with_images(std::move(dataset), table.index);
}

DatasetReader chestxray14_reader() {
  return {"chestxray14", fmt::format("{} or {}", kTable2020, kTable2017), detects_chestxray14,
          read_chestxray14};
}

}  // namespace chestmap
