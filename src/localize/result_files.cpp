#include "localize/result_files.h"

#include <fmt/format.h>

#include "image/overlay.h"

namespace chestmap {

namespace {

// One scale of logits for every picture. Zero, where the map alone would say probability one half,
// is where drawing begins.
constexpr double kScaleLow = 0.0;
constexpr double kScaleHigh = 6.0;

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

ImageRgb finding_overlay(const ImageF& radiograph, const LocalizedFinding& found,
                         const ImageSize& frame, const std::vector<Box>& truth) {
  Overlay overlay;
  overlay.finding = found.finding;
  overlay.probability = found.probability;
  overlay.map = found.map;
  overlay.scale = {kScaleLow, kScaleHigh};
  overlay.threshold = kScaleLow;
  overlay.contour = kScaleLow;
  overlay.scale_title = "logit";
  for (const ScoredBox& scored : found.boxes)
    overlay.predicted.push_back({scored.box, fmt::format("{:.2f}", found.probability)});
  for (const Box& box : truth) overlay.truth.push_back({box, {}});
  overlay.frame_width = static_cast<double>(frame.width);
  overlay.frame_height = static_cast<double>(frame.height);
  return draw_overlay(radiograph, overlay);
}

}  // namespace chestmap
