#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "weights/fitted.h"

namespace chestmap {

/// What is known of how predictions were made, beside them in `PREDICTIONS.provenance.json`
/// (docs/evaluation-json.md): the operating points that go with them, and what those and the
/// probabilities were fitted on.
struct PredictionProvenance {
  std::vector<std::string> findings;  ///< that `thresholds` and `calibration` are of
  std::optional<Thresholds> thresholds;
  std::optional<Calibration> calibration;
  std::optional<Fit> box_levels;
  std::optional<Fit> map_alignment;

  [[nodiscard]] bool empty() const {
    return !thresholds && !calibration && !box_levels && !map_alignment;
  }
};

/// "predictions.csv.provenance.json" for "predictions.csv"; likewise for a folder.
[[nodiscard]] std::filesystem::path provenance_file(const std::filesystem::path& predictions);

/// Empty where there is no such file. Throws UserError naming the file and what is wrong.
[[nodiscard]] PredictionProvenance read_provenance(const std::filesystem::path& predictions);
void write_provenance(const std::filesystem::path& predictions,
                      const PredictionProvenance& provenance);

[[nodiscard]] std::vector<NamedFit> fits_of(const PredictionProvenance& provenance);

/// Sentences on what was fitted on the split with this fingerprint, e.g. "the thresholds of
/// predictions.csv (youden) were fitted on these images"; empty where nothing was.
[[nodiscard]] std::vector<std::string> fitted_on(const PredictionProvenance& provenance,
                                                 const std::string& name,
                                                 const std::string& fingerprint);

/// Throws UserError with the sentences where there are some and `oracle` is false.
void check_not_fitted_here(const std::vector<std::string>& sentences, bool oracle);

}  // namespace chestmap
