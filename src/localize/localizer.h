#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "geometry/boxes_from_map.h"
#include "image/codec.h"
#include "image/image.h"
#include "localize/backend.h"

namespace chestmap {

/// What a model says of one finding on one radiograph.
struct LocalizedFinding {
  std::string finding;
  double probability = 0.0;         ///< calibrated where the model is
  std::optional<double> threshold;  ///< of the probability; nothing where none was fitted
  ImageF map;  ///< the model's own map in calibrated logits, over the whole radiograph
  Point peak;  ///< of the map, in the frame
  std::vector<ScoredBox> boxes;  ///< in the frame; scores are calibrated logits

  /// Whether the finding counts as seen; nothing without a threshold.
  [[nodiscard]] std::optional<bool> predicted() const;
};

/// A radiograph (of any size) as a back end takes it: resized to the model's square input by area.
[[nodiscard]] ImageF network_input(const ModelSpec& spec, const GreyImage& radiograph);

/// What follows the inference of one radiograph. Every finding's probability is known, and each can
/// be located on its own.
class Localization {
 public:
  /// `frame`: of peaks and boxes. `resolution`: side of the maps in cells; 0 takes the model's
  /// input size.
  Localization(const Backend& backend, Inference inference, const ImageSize& frame,
               std::size_t resolution = 0);

  /// In the model's order; map, peak and boxes are empty until they are located.
  [[nodiscard]] std::vector<LocalizedFinding>& findings() noexcept { return findings_; }

  /// Makes a finding's map, its peak and its boxes, these by the model's fitted rule. Several
  /// threads may do so at a time, each for another finding.
  void locate(std::size_t finding);

 private:
  const Backend& backend_;
  Inference inference_;
  ImageSize frame_;
  std::size_t resolution_;
  std::vector<LocalizedFinding> findings_;
};

/// How one radiograph is localized.
struct LocalizeOptions {
  std::size_t resolution = 0;  ///< side of the maps in cells; 0 takes the model's input size
  ImageSize frame;             ///< of peaks and boxes; 0 x 0 takes the radiograph's own size
};

/// Every finding of the model on `radiograph` (of any size), in the model's order.
[[nodiscard]] std::vector<LocalizedFinding> localize(Backend& backend, const GreyImage& radiograph,
                                                     const LocalizeOptions& options = {});

/// The box rule that the model stores for one kind of map and finding. Where it stores none, as a
/// model of before that kind was there, the own map's rule with the level in the middle; where it
/// stores none at all, the default.
[[nodiscard]] BoxRule box_rule(const ModelSpec& spec, const std::string& map_method,
                               std::size_t finding);

/// A map of the model's own kind, in logits, on the scale of `calibrated_logit`.
[[nodiscard]] ImageF calibrated_map(const ModelSpec& spec, std::size_t finding, ImageF map);

}  // namespace chestmap
