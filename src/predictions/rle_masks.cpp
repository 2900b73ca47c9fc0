#include "predictions/rle_masks.h"

#include <fmt/format.h>

#include <utility>

#include "base/atomic_file.h"
#include "base/json_value.h"
#include "data/coco_mask.h"
#include "predictions/collector.h"
#include "predictions/read_predictions.h"
#include "predictions/sniff.h"

namespace chestmap {

namespace {

constexpr const char* kName = "rle-masks";

void add_mask(const JsonValue& rle, std::size_t record, std::size_t finding, Collector& collector) {
  Mask mask = mask_of_rle(rle);
  const auto score = rle.find("score");
  if (collector.holds(record, finding))
    rle.fail("the image and finding have a mask already, under another spelling");
  ImagePrediction& prediction = collector.at(record, finding);
  const ImageSize frame = collector.dataset().records[record].frame;
  if (mask.width() != frame.width || mask.height() != frame.height)
    mask = resized(mask, frame.width, frame.height);
  if (!mask.empty()) prediction.masks.push_back({std::move(mask), score ? score->number() : 1.0});
}

PredictionSet read_rle_masks(const std::filesystem::path& file, const Dataset& dataset) {
  return parse_rle_masks(read_file(file), file, dataset);
}

bool detects_rle_masks(const std::filesystem::path& file) {
  return first_character(file, ".json") == '{';
}

}  // namespace

PredictionSet parse_rle_masks(std::string_view text, const std::filesystem::path& file,
                              const Dataset& dataset) {
  const nlohmann::json document = parse_json(text, file);
  const JsonValue root(document, file);
  root.must_be_object();
  Collector collector(dataset);
  for (const auto& image : document.items()) {
    const JsonValue findings = root.at(image.key());
    findings.must_be_object();
    const auto record = collector.record(image.key(), image.key());
    if (!record) continue;
    for (const auto& entry : findings.raw().items()) {
      const auto finding =
          collector.finding(entry.key(), fmt::format("{}: {}", image.key(), entry.key()));
      if (finding) add_mask(findings.at(entry.key()), *record, *finding, collector);
    }
  }
  return collector.finish(file, kName);
}

PredictionFormat rle_masks_format() {
  return {kName, "a .json file with image -> finding -> {size, counts}", detects_rle_masks,
          read_rle_masks};
}

}  // namespace chestmap
