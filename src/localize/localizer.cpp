#include "localize/localizer.h"

#include <utility>

#include "image/resize.h"
#include "localize/attention.h"
#include "localize/map_methods.h"
#include "weights/calibration.h"

namespace chestmap {

std::optional<bool> LocalizedFinding::predicted() const {
  if (!threshold) return std::nullopt;
  return is_seen(probability, *threshold);
}

ImageF calibrated_map(const ModelSpec& spec, std::size_t finding, ImageF map) {
  calibrate_logits(spec, finding, map.pixels());
  return map;
}

BoxRule box_rule(const ModelSpec& spec, const std::string& map_method, std::size_t finding) {
  BoxRule rule;
  const auto own = spec.box_rules.find(own_map_name(spec));
  const auto fitted = spec.box_rules.find(map_method);
  const auto taken = fitted == spec.box_rules.end() ? own : fitted;
  if (taken == spec.box_rules.end()) return rule;
  const BoxRuleSpec& stored = taken->second[finding];
  rule.kind =
      stored.rule == "expected_area" ? BoxRule::Kind::expected_area : BoxRule::Kind::median_peak;
  rule.area = stored.area;
  if (taken == fitted) rule.fraction = stored.fraction;  // a level is of one kind of map alone
  return rule;
}

ImageF network_input(const ModelSpec& spec, const GreyImage& radiograph) {
  const auto size = static_cast<std::size_t>(spec.input_size);
  return resized(radiograph, size, size);
}

Localization::Localization(const Backend& backend, Inference inference, const ImageSize& frame,
                           std::size_t resolution)
    : backend_(backend),
      inference_(std::move(inference)),
      frame_(frame),
      resolution_(resolution > 0 ? resolution
                                 : static_cast<std::size_t>(backend.spec().input_size)),
      findings_(backend.spec().findings.size()) {
  const ModelSpec& spec = backend.spec();
  for (std::size_t f = 0; f < findings_.size(); ++f) {
    LocalizedFinding& found = findings_[f];
    found.finding = spec.findings[f];
    found.probability = probability_of(spec, f, static_cast<double>(inference_.logits[f]));
    if (spec.thresholds) found.threshold = spec.thresholds->probabilities[f];
  }
}

void Localization::locate(std::size_t finding) {
  const ModelSpec& spec = backend_.spec();
  LocalizedFinding& found = findings_[finding];
  found.map =
      calibrated_map(spec, finding, attention_map(backend_, inference_, finding, resolution_));
  const MapView view{found.map.pixels().data(), resolution_, resolution_,
                     static_cast<double>(frame_.width), static_cast<double>(frame_.height)};
  found.peak = peak_of_map(view);
  found.boxes = boxes_from_map(view, box_rule(spec, own_map_name(spec), finding));
}

std::vector<LocalizedFinding> localize(Backend& backend, const GreyImage& radiograph,
                                       const LocalizeOptions& options) {
  const ImageF input = network_input(backend.spec(), radiograph);
  const ImageSize frame = options.frame.width > 0 ? options.frame : size_of(radiograph);
  Localization localization(backend, std::move(backend.infer({&input, 1}).front()), frame,
                            options.resolution);
  for (std::size_t f = 0; f < localization.findings().size(); ++f) localization.locate(f);
  return std::move(localization.findings());
}

}  // namespace chestmap
