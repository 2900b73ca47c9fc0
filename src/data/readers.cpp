#include "data/readers.h"

#include <fmt/format.h>

#include <array>

#include "base/error.h"

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

Dataset read_dataset(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::exists(folder, error))
    throw UserError(fmt::format("the data folder {} does not exist", folder.string()),
                    "name the folder that holds the label table");
  if (!std::filesystem::is_directory(folder, error))
    throw UserError(fmt::format("{} is a file; a data folder was expected", folder.string()),
                    "name the folder that holds the label table");
  std::string looked_for;
  for (const DatasetReader& reader : dataset_readers()) {
    if (reader.detects(folder)) return reader.read(folder);
    looked_for +=
        fmt::format("{}{} ({})", looked_for.empty() ? "" : "; ", reader.name, reader.looks_for);
  }
  throw UserError(
      fmt::format("{} holds no data set of a known layout; looked for: {}", folder.string(),
                  looked_for),
      "the label table must lie in the folder itself, beside the folder with the images");
}

}  // namespace chestmap
