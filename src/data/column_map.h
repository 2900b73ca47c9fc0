#pragma once

#include <filesystem>

#include "base/csv.h"

namespace chestmap {

/// Name of the file that says what the columns of somebody's own table mean.
inline constexpr const char* kColumnMapFile = "columns.toml";

/// Reads the table that `columns.toml` names (the file's own folder is where it lies) and gives it
/// the plain form of `join_plain_tables`: the columns image, patient, age, sex, view, image_width,
/// image_height and split, as far as they are named, and one a finding, with 1, 0, -1 (uncertain)
/// or nothing. Columns that are not named are left out. Throws UserError with file, and row, column
/// or key.
[[nodiscard]] CsvTable read_mapped_table(const std::filesystem::path& columns_toml);

}  // namespace chestmap
