#pragma once

#include <filesystem>
#include <vector>

#include "base/csv.h"
#include "data/image_list.h"
#include "data/record.h"

namespace chestmap {

/// The label table of ChestX-ray14: records in the table's order, and where each image's name
/// leads.
struct ChestXray14Table {
  std::filesystem::path file;
  std::vector<Record> records;
  ImageIndex index;
};

/// Reads `Data_Entry_2017.csv` or `Data_Entry_2017_v2020.csv`. Needs the columns "Image Index",
/// "Finding Labels" and "Patient ID"; "Patient Age" (`58`, `058Y`, `011M`, `004D`), "Patient
/// Gender" and "View Position" are read where they are. Columns are found by name, since copies
/// differ in how their last headers split at commas. Throws UserError with file and row.
[[nodiscard]] ChestXray14Table read_chestxray14_table(const std::filesystem::path& file);
[[nodiscard]] ChestXray14Table parse_chestxray14_table(const CsvTable& csv);

/// Reads `BBox_List_2017.csv` into the records of `table`. A box that leaves the 1024x1024 frame by
/// less than a pixel is clipped; one that leaves it further, has no area, or belongs to an image
/// that the table does not hold is a UserError with file and row.
[[nodiscard]] ChestXray14Table with_chestxray14_boxes(ChestXray14Table table,
                                                      const std::filesystem::path& file);
[[nodiscard]] ChestXray14Table with_chestxray14_boxes(ChestXray14Table table, const CsvTable& csv);

}  // namespace chestmap
