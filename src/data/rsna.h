#pragma once

#include <filesystem>
#include <optional>

#include "base/csv.h"
#include "data/record.h"

namespace chestmap {

/// Side of the square frame of the RSNA Pneumonia Detection Challenge's images, in pixels.
inline constexpr std::size_t kRsnaFrame = 1024;

/// Reads the RSNA Pneumonia Detection Challenge, given the folder or the table itself:
/// `stage_2_train_labels.csv` (patientId,x,y,width,height,Target; one row a box, one row without
/// coordinates for an image with Target 0), and `stage_2_detailed_class_info.csv` (patientId,class)
/// beside it where it is there, which must agree: "Lung Opacity" for Target 1 alone. The one
/// finding is Pneumonia; each patient has one image. Throws UserError with file, row and column.
[[nodiscard]] Dataset read_rsna(const std::filesystem::path& folder_or_table);

/// The same of parsed tables, without image files.
[[nodiscard]] Dataset join_rsna_tables(const CsvTable& labels,
                                       const std::optional<CsvTable>& class_info);

}  // namespace chestmap
