#include "predictions/read_predictions.h"

#include <fmt/format.h>

#include <array>

#include "base/error.h"

namespace chestmap {

#define CHESTMAP_PREDICTION_FORMAT(function) PredictionFormat function();
#include "predictions/formats.def"
#undef CHESTMAP_PREDICTION_FORMAT

std::span<const PredictionFormat> prediction_formats() {
#define CHESTMAP_PREDICTION_FORMAT(function) function(),
  static const std::array formats{
#include "predictions/formats.def"
  };
#undef CHESTMAP_PREDICTION_FORMAT
  return formats;
}

PredictionSet read_predictions(const std::filesystem::path& file_or_folder,
                               const Dataset& dataset) {
  std::error_code error;
  if (!std::filesystem::exists(file_or_folder, error))
    throw UserError(fmt::format("the predictions {} do not exist", file_or_folder.string()),
                    "name a file or a folder of maps");
  std::string looked_for;
  try {
    for (const PredictionFormat& format : prediction_formats()) {
      if (format.detects(file_or_folder)) return format.read(file_or_folder, dataset);
      looked_for +=
          fmt::format("{}{} ({})", looked_for.empty() ? "" : "; ", format.name, format.looks_for);
    }
  } catch (const std::filesystem::filesystem_error& failure) {
    throw UserError(
        fmt::format("cannot look into {}: {}", failure.path1().string(), failure.code().message()),
        "may you read it?");
  }
  throw UserError(fmt::format("{} holds no predictions of a known format; looked for: {}",
                              file_or_folder.string(), looked_for),
                  "docs/formats.md shows an example of each");
}

}  // namespace chestmap
