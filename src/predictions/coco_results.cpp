#include "predictions/coco_results.h"

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

constexpr const char* kName = "coco-results";
constexpr std::int64_t kLargestId = std::int64_t{1} << 53U;

Box box_of(const JsonValue& bbox) {
  bbox.must_be_array();
  if (bbox.size() != 4)
    bbox.fail(fmt::format("{} numbers; [x, y, width, height] was expected", bbox.size()));
  const Box box{bbox.at(0).number(), bbox.at(1).number(), bbox.at(2).number(), bbox.at(3).number()};
  if (box.width < 0.0 || box.height < 0.0)
    bbox.fail(fmt::format("width {} and height {} must not be below 0", box.width, box.height),
              "a box is [x, y, width, height], not two corners");
  return box;
}

void add_result(const JsonValue& result, Collector& collector) {
  result.must_be_object();
  const JsonValue image = result.at("image_id");
  const JsonValue category = result.at("category_id");
  const std::string image_name =
      image.is_text() ? image.text() : fmt::format("{}", image.whole(-kLargestId, kLargestId));
  const double score = result.at("score").number();
  const auto bbox = result.find("bbox");
  const auto segmentation = result.find("segmentation");
  if (!bbox && !segmentation) result.fail("neither bbox nor segmentation is there");
  const Box box = bbox ? box_of(*bbox) : Box{};
  std::optional<Mask> mask;
  if (segmentation) mask = mask_of_rle(*segmentation);

  const std::string& item = result.path();
  const auto record = collector.record(image_name, item);
  if (!record) return;
  const auto finding = category.is_text()
                           ? collector.finding(category.text(), item)
                           : collector.category(category.whole(-kLargestId, kLargestId), item);
  if (!finding) return;
  ImagePrediction& prediction = collector.at(*record, *finding);
  if (box.area() > 0.0)
    prediction.boxes.push_back({box, score});
  else if (bbox)
    collector.skip(item, "the box has no area");
  if (!mask) return;
  const ImageSize frame = collector.dataset().records[*record].frame;
  if (mask->width() != frame.width || mask->height() != frame.height)
    mask = resized(*mask, frame.width, frame.height);
  if (mask->empty())
    collector.skip(item, "the mask is empty");
  else
    prediction.masks.push_back({*std::move(mask), score});
}

PredictionSet read_coco_results(const std::filesystem::path& file, const Dataset& dataset) {
  return parse_coco_results(read_file(file), file, dataset);
}

bool detects_coco_results(const std::filesystem::path& file) {
  return first_character(file, ".json") == '[';
}

}  // namespace

PredictionSet parse_coco_results(std::string_view text, const std::filesystem::path& file,
                                 const Dataset& dataset) {
  Collector collector(dataset);
  for_each_json_element(text, file,
                        [&](const JsonValue& result) { add_result(result, collector); });
  return collector.finish(file, kName);
}

PredictionFormat coco_results_format() {
  return {kName, "a .json file with a list of results", detects_coco_results, read_coco_results};
}

}  // namespace chestmap
