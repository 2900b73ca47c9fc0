#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "base/config.h"
#include "weights/backbone_fit.h"
#include "weights/weight_file.h"

namespace chestmap {

/// What `train --init` starts from. `fit` refers to `file`, which therefore is kept with it.
struct InitialWeights {  // NOLINT(bugprone-exception-escape): moving JSON may throw
  WeightFile file;
  BackboneFit fit;
  nlohmann::ordered_json record;  ///< of the run folder's init.json
};

/// Reads the file and fits it to the configured backbone, and says on stderr what was taken, what
/// was changed and what begins at random. Throws UserError where it does not fit and `partial` is
/// not set, or where nothing of it fits.
[[nodiscard]] InitialWeights read_initial_weights(const std::filesystem::path& file,
                                                  const Config& config, bool partial);

/// The entries of a model's provenance, from init.json.
[[nodiscard]] std::map<std::string, std::string> initial_weights_provenance(
    const std::filesystem::path& record);

}  // namespace chestmap
