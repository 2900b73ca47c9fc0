#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/record.h"
#include "weights/model_spec.h"

namespace chestmap {

/// A part of a data set: its official test list, or the training or validation part that a run
/// wrote into its folder.
struct RunSplit {
  std::string name;                  ///< "test", "train", "valid"
  std::vector<std::size_t> records;  ///< those whose image is there
  std::string fingerprint;           ///< of all of the split, whether the images are there or not
};

/// The names, for the command line.
[[nodiscard]] const std::vector<std::string>& run_split_names();

/// Throws UserError where the split has no image or the run folder no split.
[[nodiscard]] RunSplit read_run_split(const std::filesystem::path& run, const std::string& name,
                                      const Dataset& dataset);

/// One sentence for each thing of the model that was fitted on this very split: scored on it, it is
/// an oracle.
[[nodiscard]] std::vector<std::string> oracle_reasons(const ModelSpec& spec, const RunSplit& split);

}  // namespace chestmap
