#pragma once

#include <filesystem>

#include "base/csv.h"
#include "data/record.h"

namespace chestmap {

/// Side of the frame that is assumed where nothing tells the size of a VinDr-CXR image (real ones
/// have about 2000 to 3500 pixels a side).
inline constexpr std::size_t kVindrFrame = 3072;

/// Reads VinDr-CXR, given a folder or one table:
/// - PhysioNet's layout: `annotations_train.csv`, `annotations_test.csv` and
/// `image_labels_train.csv`,
///   `image_labels_test.csv`, in the folder or in `annotations/`; the train tables' images are
///   `Dataset::train_val`, the test tables' are `test`;
/// - Kaggle's layout (VinBigData Chest X-ray Abnormalities Detection): `train.csv`.
/// Several readers are reduced to one truth: boxes by `consensus_boxes`, labels by majority; a
/// reader calls a finding present who marks it in the label table or boxes it. "No finding" is no
/// finding of the list. Findings are sorted by name, unless the table numbers them (`class_id`,
/// which then is `Dataset::category_ids`). The data set names no patients: each image is its own.
/// Throws UserError with file, row and column.
[[nodiscard]] Dataset read_vindr(const std::filesystem::path& folder_or_table);

/// The same of parsed tables, without frames or image files: boxes (image_id, class_name, x_min,
/// y_min, x_max, y_max, optional rad_id, class_id) and image labels (image_id, optional rad_id, a
/// column of 0 and 1 a finding); told apart by their headers.
[[nodiscard]] Dataset join_vindr_tables(const std::vector<CsvTable>& train,
                                        const std::vector<CsvTable>& test);

}  // namespace chestmap
