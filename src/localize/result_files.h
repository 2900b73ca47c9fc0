#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/record.h"
#include "image/overlay.h"
#include "localize/localizer.h"

namespace chestmap {

/// One localized radiograph, as it is written to files.
struct LocalizedImage {
  std::string name;
  ImageSize frame;  ///< of its boxes, pixels
  std::vector<LocalizedFinding> findings;
};

/// Everything but the maps: per image and finding probability, peak and boxes. docs/user-guide.md
/// describes it.
[[nodiscard]] nlohmann::ordered_json localization_json(const std::vector<LocalizedImage>& images,
                                                       const ModelSpec& spec);

/// COCO's results format: one entry a box, `image_id` the image's name, `category_id` the finding's
/// name, `bbox` [x, y, width, height] in the frame, `score` the probability of the finding.
[[nodiscard]] nlohmann::ordered_json coco_results(const std::vector<LocalizedImage>& images);

/// The radiograph with one finding's map, contour, boxes and, where given, radiologists' boxes (all
/// in `frame`). Colours stand for calibrated logits on one scale for all images and findings of the
/// model. Below the finding's threshold, a probability of one half where it has none, nothing is
/// drawn.
[[nodiscard]] ImageRgb finding_overlay(const Backdrop& backdrop, const LocalizedFinding& found,
                                       const ModelSpec& spec, const ImageSize& frame,
                                       const std::vector<Box>& truth);

}  // namespace chestmap
