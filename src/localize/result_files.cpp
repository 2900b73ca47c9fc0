#include "localize/result_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "localize/map_file.h"
#include "weights/calibration.h"
#include "weights/fitted_json.h"

namespace chestmap {

namespace {

// One scale of logits for every picture of a model: from zero, where the map alone would say
// probability one half, or from its lowest threshold, so that all that is drawn has its colour.
constexpr double kScaleHigh = 6.0;
constexpr double kLowestScale = -8.0;

/// Where the map of a finding is drawn from. Infinite ends are brought to what maps hold.
double drawn_from(const ModelSpec& spec, std::size_t finding) {
  return std::clamp(threshold_logit(spec, finding), kLowestScale,
                    static_cast<double>(kMapFileHigh));
}

ColorScale scale_of(const ModelSpec& spec) {
  double low = 0.0;
  for (std::size_t f = 0; f < spec.findings.size(); ++f) low = std::min(low, drawn_from(spec, f));
  return {low, kScaleHigh};
}

template <typename Value>
nlohmann::ordered_json or_null(const std::optional<Value>& value) {
  if (!value) return nullptr;
  return *value;
}

template <typename Fitted>
std::optional<Fit> fit_of(const std::optional<Fitted>& fitted) {
  if (!fitted) return std::nullopt;
  return fitted->fit;
}

nlohmann::ordered_json box_json(const ScoredBox& scored) {
  return {{"bbox", {scored.box.x, scored.box.y, scored.box.width, scored.box.height}},
          {"score", scored.score}};
}

}  // namespace

nlohmann::ordered_json localization_json(const std::vector<LocalizedImage>& images,
                                         const ModelSpec& spec) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const LocalizedImage& image : images) {
    nlohmann::ordered_json findings = nlohmann::ordered_json::array();
    for (const LocalizedFinding& found : image.findings) {
      nlohmann::ordered_json boxes = nlohmann::ordered_json::array();
      for (const ScoredBox& box : found.boxes) boxes.push_back(box_json(box));
      findings.push_back({{"finding", found.finding},
                          {"probability", found.probability},
                          {"threshold", or_null(found.threshold)},
                          {"predicted", or_null(found.predicted())},
                          {"peak", {found.peak.x, found.peak.y}},
                          {"boxes", boxes}});
    }
    list.push_back({{"image", image.name},
                    {"frame", {image.frame.width, image.frame.height}},
                    {"findings", findings}});
  }
  return {{"format", "chestmap-localization"},
          {"format_version", 1},
          {"program", "chestmap " CHESTMAP_VERSION},
          {"notice", "Research use only. Not for diagnosis."},
          {"calibration", to_json(fit_of(spec.calibration))},
          {"thresholds", to_json(fit_of(spec.thresholds))},
          {"box_rule", spec.box_rule_provenance},
          {"images", list}};
}

nlohmann::ordered_json coco_results(const std::vector<LocalizedImage>& images) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const LocalizedImage& image : images)
    for (const LocalizedFinding& found : image.findings)
      for (const ScoredBox& scored : found.boxes)
        list.push_back({{"image_id", image.name},
                        {"category_id", found.finding},
                        {"bbox", {scored.box.x, scored.box.y, scored.box.width, scored.box.height}},
                        {"score", found.probability}});
  return list;
}

ImageRgb finding_overlay(const Backdrop& backdrop, const LocalizedFinding& found,
                         const ModelSpec& spec, const ImageSize& frame,
                         const std::vector<Box>& truth) {
  const auto index = static_cast<std::size_t>(
      std::find(spec.findings.begin(), spec.findings.end(), found.finding) - spec.findings.begin());
  Overlay overlay;
  overlay.finding = found.finding;
  overlay.probability = found.probability;
  overlay.map = found.map;
  overlay.scale = scale_of(spec);
  overlay.threshold = drawn_from(spec, index);
  overlay.contour = overlay.threshold;
  overlay.scale_title = "logit";
  for (const ScoredBox& scored : found.boxes)
    overlay.predicted.push_back({scored.box, fmt::format("{:.2f}", found.probability)});
  for (const Box& box : truth) overlay.truth.push_back({box, {}});
  overlay.frame_width = static_cast<double>(frame.width);
  overlay.frame_height = static_cast<double>(frame.height);
  return draw_overlay(backdrop, overlay);
}

}  // namespace chestmap
