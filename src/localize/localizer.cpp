#include "localize/localizer.h"

#include <utility>

#include "base/parallel.h"
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

std::vector<LocalizedFinding> localize(Backend& backend, const ImageF& radiograph,
                                       const LocalizeOptions& options) {
  const ModelSpec& spec = backend.spec();
  const auto size = static_cast<std::size_t>(spec.input_size);
  const ImageF input = resized(radiograph, size, size);
  const Inference inference =
      options.alone ? backend.infer_alone(input) : std::move(backend.infer({&input, 1}).front());
  const std::size_t resolution = options.resolution > 0 ? options.resolution : size;
  const bool own_frame = options.frame.width == 0;
  const double width = static_cast<double>(own_frame ? radiograph.width() : options.frame.width);
  const double height = static_cast<double>(own_frame ? radiograph.height() : options.frame.height);

  std::vector<LocalizedFinding> findings(spec.findings.size());
  parallel_for(findings.size(), options.threads, [&](std::size_t f) {
    LocalizedFinding& found = findings[f];
    found.finding = spec.findings[f];
    found.probability = probability_of(spec, f, static_cast<double>(inference.logits[f]));
    if (spec.thresholds) found.threshold = spec.thresholds->probabilities[f];
    found.map = calibrated_map(spec, f, attention_map(backend, inference, f, resolution));
    const MapView view{found.map.pixels().data(), resolution, resolution, width, height};
    found.peak = peak_of_map(view);
    found.boxes = boxes_from_map(view, box_rule(spec, own_map_name(spec), f));
  });
  return findings;
}

}  // namespace chestmap
