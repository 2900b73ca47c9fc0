#include "data/chestxray14.h"

#include <fmt/format.h>

#include <string_view>

#include "base/log.h"
#include "data/attach_images.h"
#include "data/chestxray14_tables.h"
#include "data/image_files.h"
#include "data/image_list.h"
#include "data/phantom/phantom.h"
#include "data/readers.h"
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

/// The label table itself stands for its folder.
bool is_label_table(const fs::path& path) {
  return path.filename() == kTable2020 || path.filename() == kTable2017;
}

bool detects_chestxray14(const fs::path& path) {
  if (!fs::is_directory(path)) return is_label_table(path);
  return fs::exists(path / kTable2020) || fs::exists(path / kTable2017);
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
  // The name goes into models and evaluations: figures of phantoms must be known as such.
  dataset.name = is_phantom_dataset(folder) ? "phantoms" : "chestxray14";
  dataset.folder = folder;
  dataset.findings = chestxray14_findings();
  dataset.records = std::move(table.records);
  dataset.train_val = official_list(folder / kTrainValList, table.index);
  dataset.test = official_list(folder / kTestList, table.index);
  check_patients_apart(dataset, dataset.train_val, dataset.test,
                       {(folder / kTrainValList).string(), (folder / kTestList).string()});
  return with_image_files(std::move(dataset));
}

DatasetReader chestxray14_reader() {
  return {"chestxray14", fmt::format("{} or {}", kTable2020, kTable2017), detects_chestxray14,
          [](const fs::path& path) {
            if (fs::is_directory(path)) return read_chestxray14(path);
            return read_chestxray14(folder_of(path));
          }};
}

}  // namespace chestmap
