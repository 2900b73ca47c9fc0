#pragma once

#include <filesystem>
#include <optional>

#include "base/csv.h"
#include "data/record.h"

namespace chestmap {

/// Side of the frame that is assumed where nothing tells an image's size.
inline constexpr std::size_t kPlainFrame = 1024;

/// Reads a data set of plain tables: a folder that holds `labels.csv`, `boxes.csv` or both, or one
/// such table. Both have a column for the image (find_image_column) and may have `patient`, `age`
/// (years), `sex` (F, M), `view` (PA, AP), `image_width` and `image_height`; that of labels also
/// `split` (train, valid, test). Where `columns.toml` lies in the folder, it says which columns of
/// which table are these (`read_mapped_table`).
/// - Boxes: a column for the finding (find_finding_column) and four for the box (BoxColumns); a row
///   a box. A row without a box says that the image shows the finding; without a finding (or "No
///   Finding"), that it shows none.
/// - Labels: every other column is a finding, with 1, 0, or -1 or nothing for unknown.
/// Where there are labels, boxes of other images or findings are errors; else the boxes make the
/// list of images and, sorted by name, of findings. Without `patient`, each image is its own.
/// Throws UserError with file, row and column.
[[nodiscard]] Dataset read_plain_csv(const std::filesystem::path& folder_or_table);

/// The same of parsed tables, one of which must be there; without frames or image files.
[[nodiscard]] Dataset join_plain_tables(const std::optional<CsvTable>& labels,
                                        const std::optional<CsvTable>& boxes);

}  // namespace chestmap
