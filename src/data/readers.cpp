#include "data/readers.h"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/combine.h"

namespace chestmap {

#define CHESTMAP_DATASET_READER(function) DatasetReader function();
#include "data/readers.def"
#undef CHESTMAP_DATASET_READER

std::span<const DatasetReader> dataset_readers() {
#define CHESTMAP_DATASET_READER(function) function(),
  static const std::array readers{
#include "data/readers.def"
  };
#undef CHESTMAP_DATASET_READER
  return readers;
}

Dataset read_dataset(const std::filesystem::path& folder_or_file) {
  const std::string path = folder_or_file.string();
  std::error_code error;
  if (!std::filesystem::exists(folder_or_file, error))
    throw UserError(fmt::format("the data folder {} does not exist", path),
                    "name the folder that holds the label table");
  std::string looked_for;
  try {
    for (const DatasetReader& reader : dataset_readers()) {
      if (reader.detects(folder_or_file)) return reader.read(folder_or_file);
      looked_for +=
          fmt::format("{}{} ({})", looked_for.empty() ? "" : "; ", reader.name, reader.looks_for);
    }
  } catch (const std::filesystem::filesystem_error& failure) {
    throw UserError(
        fmt::format("cannot look into {}: {}", failure.path1().string(), failure.code().message()),
        "may you read it?");
  }
  if (!std::filesystem::is_directory(folder_or_file, error))
    throw UserError(
        fmt::format("{} is a file, but no table or annotation file of a known kind; looked for: {}",
                    path, looked_for),
        "name a data folder or its file of annotations");
  throw UserError(
      fmt::format("{} holds no data set of a known layout; looked for: {}", path, looked_for),
      "the label table must lie in the folder itself, beside the folder with the images");
}

Dataset read_datasets(std::span<const std::filesystem::path> paths) {
  std::vector<Dataset> datasets;
  for (const std::filesystem::path& path : paths) datasets.push_back(read_dataset(path));
  return combine(std::move(datasets));
}

}  // namespace chestmap
