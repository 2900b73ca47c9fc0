#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "predictions/prediction_set.h"

namespace chestmap {

/// A format of predictions. Another one takes a file that defines a function returning its
/// PredictionFormat, and a line in formats.def.
struct PredictionFormat {
  std::string name;       ///< e.g. "coco-results"
  std::string looks_for;  ///< what `detects` wants, for errors
  bool (*detects)(const std::filesystem::path& file_or_folder) = nullptr;
  PredictionSet (*read)(const std::filesystem::path& file_or_folder,
                        const Dataset& dataset) = nullptr;
};

/// All of them, in the order in which they are tried.
[[nodiscard]] std::span<const PredictionFormat> prediction_formats();

/// Reads predictions on the images of `dataset` with the first format that detects its own.
/// Images and findings are matched tolerantly (data/name_index.h); rows of those that the data set
/// lacks are left out into `PredictionSet::skipped`. Throws UserError where nothing is there, where
/// no format fits (naming what was looked for), where not one row belongs to the data set, and with
/// file and row, key or offset for everything else that is wrong.
[[nodiscard]] PredictionSet read_predictions(const std::filesystem::path& file_or_folder,
                                             const Dataset& dataset);

}  // namespace chestmap
