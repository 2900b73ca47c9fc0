#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "data/record.h"

namespace chestmap {

/// A data set layout that can be read. Another one takes a file that defines a function returning
/// its DatasetReader, and a line in readers.def.
struct DatasetReader {
  std::string name;       ///< as in `Dataset::name`
  std::string looks_for;  ///< what `detects` wants, for errors
  bool (*detects)(const std::filesystem::path& folder_or_file) = nullptr;
  Dataset (*read)(const std::filesystem::path& folder_or_file) = nullptr;
};

/// All of them, in the order in which they are tried.
[[nodiscard]] std::span<const DatasetReader> dataset_readers();

/// Reads a data set's folder, or its file of annotations, with the first reader that detects its
/// layout. Throws UserError where nothing is there, where none does (naming what was looked for),
/// and as that reader does.
[[nodiscard]] Dataset read_dataset(const std::filesystem::path& folder_or_file);

/// The same of several at once, joined by `combine`; of one, as it is.
[[nodiscard]] Dataset read_datasets(std::span<const std::filesystem::path> paths);

}  // namespace chestmap
