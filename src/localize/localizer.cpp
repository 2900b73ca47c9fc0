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

namespace {

Inference inferred(Backend& backend, const ImageF& radiograph, bool alone) {
  const auto size = static_cast<std::size_t>(backend.spec().input_size);
  const ImageF input = resized(radiograph, size, size);
  return alone ? backend.infer_alone(input) : std::move(backend.infer({&input, 1}).front());
}

}  // namespace

Localization::Localization(Backend& backend, const ImageF& radiograph,
                           const LocalizeOptions& options)
    : backend_(backend),
      resolution_(options.resolution > 0 ? options.resolution
                                         : static_cast<std::size_t>(backend.spec().input_size)),
      inference_(inferred(backend, radiograph, options.alone)) {
  const ModelSpec& spec = backend.spec();
  const bool own_frame = options.frame.width == 0;
  width_ = static_cast<double>(own_frame ? radiograph.width() : options.frame.width);
  height_ = static_cast<double>(own_frame ? radiograph.height() : options.frame.height);
  findings_.resize(spec.findings.size());
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
  const MapView view{found.map.pixels().data(), resolution_, resolution_, width_, height_};
  found.peak = peak_of_map(view);
  found.boxes = boxes_from_map(view, box_rule(spec, own_map_name(spec), finding));
}

std::vector<LocalizedFinding> localize(Backend& backend, const ImageF& radiograph,
                                       const LocalizeOptions& options) {
  Localization localization(backend, radiograph, options);
  parallel_for(localization.findings().size(), options.threads,
               [&](std::size_t f) { localization.locate(f); });
  return std::move(localization.findings());
}

}  // namespace chestmap
