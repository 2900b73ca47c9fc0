#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "weights/fitted.h"
#include "weights/safetensors.h"

namespace chestmap {

/// How the maps of one finding become boxes (geometry/boxes_from_map.h).
struct BoxRuleSpec {
  std::string rule = "median_peak";  ///< or "expected_area"
  double fraction = 0.5;  ///< of median_peak: of the way from the map's median to its peak
  bool fitted = false;    ///< whether `fraction` was fitted
  double area = 0.04;     ///< the box's expected area over the frame's
};

/// Everything that is needed to build and use a model, kept in the metadata of its
/// `model.safetensors`. No libtorch.
struct ModelSpec {
  std::vector<std::string> findings;

  std::string backbone = "densenet-compact";
  std::string head = "multiscale";                  ///< "multiscale", "pyramid"
  std::vector<std::int64_t> stages = {1, 2, 3, 4};  ///< shallow to deep, counted from 1
  std::string relevance = "learned";                ///< "learned", "shared", "uniform", "evidence"
  bool normalise_maps = true;
  std::string fusion = "scores";  ///< "scores", "maps"
  std::string pooling = "lse";    ///< "average", "max", "lse", "pcam"
  double lse_r = 5.0;

  std::int64_t input_size = 224;    ///< side of the square that the image is resized to, pixels
  std::int64_t input_channels = 1;  ///< 1, or 3 equal ones
  double pixel_mean = 0.5;          ///< of grey values in [0, 1]
  double pixel_deviation = 0.25;

  /// Per kind of map (localize/map_methods.h), one rule a finding.
  std::map<std::string, std::vector<BoxRuleSpec>> box_rules;
  std::string box_rule_provenance;     ///< what the fractions were fitted on
  std::optional<Fit> box_levels;       ///< the same for programs; models of before have none
  std::optional<Alignment> alignment;  ///< of the stages' maps; none leaves them on their grids
  std::optional<Calibration> calibration;
  std::optional<Thresholds> thresholds;
  std::optional<InputRanges> input_ranges;  ///< none: cannot be run in 8 bits
  std::map<std::string, std::string>
      provenance;  ///< data set, split fingerprints, seed, epoch, ...
  std::string program_version;

  /// The metadata of model.safetensors: one entry "chestmap" that holds this as JSON.
  [[nodiscard]] std::map<std::string, std::string> to_metadata() const;
  /// Throws UserError naming `file` and the missing or unreadable entry.
  [[nodiscard]] static ModelSpec from_metadata(const std::map<std::string, std::string>& metadata,
                                               const std::filesystem::path& file);
};

/// What of the model was fitted after its weights: alignment, calibration, thresholds, box levels,
/// ranges of 8 bits.
[[nodiscard]] std::vector<NamedFit> fits_of(const ModelSpec& spec);

}  // namespace chestmap
