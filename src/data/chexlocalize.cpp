#include "data/chexlocalize.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json_value.h"
#include "data/attach_images.h"
#include "data/coco_mask.h"
#include "data/image_files.h"
#include "data/readers.h"

namespace chestmap {

namespace {

namespace fs = std::filesystem;

constexpr const char* kImageSize = "img_size";

FindingList findings_of(const nlohmann::json& document) {
  std::set<std::string> names;
  for (const auto& image : document)
    if (image.is_object())
      for (const auto& [name, value] : image.items())
        if (name != kImageSize) names.insert(name);
  return FindingList({names.begin(), names.end()});
}

/// Masks by RLE, which bring their size along.
void add_segmentations(const JsonValue& image, const FindingList& findings, Record& record) {
  for (std::size_t f = 0; f < findings.size(); ++f) {
    const auto rle = image.find(findings[f]);
    if (!rle) continue;
    Mask mask = mask_of_rle(*rle);
    const ImageSize size{mask.width(), mask.height()};
    if (record.frame == ImageSize{}) record.frame = size;
    if (record.frame != size)
      rle->fail(fmt::format("the mask has {}x{} pixels, another of the image {}x{}", size.width,
                            size.height, record.frame.width, record.frame.height));
    if (!mask.empty()) record.masks.push_back({f, std::move(mask)});
  }
  if (record.frame == ImageSize{})
    image.fail(
        "the image has no segmentation, so that its size is unknown",
        "CheXlocalize gives each image every finding, with an empty mask where it is absent");
}

void add_annotations(const JsonValue& image, const FindingList& findings, Record& record) {
  record.frame = json_height_and_width(image.at(kImageSize));
  for (std::size_t f = 0; f < findings.size(); ++f) {
    const auto polygons = image.find(findings[f]);
    if (!polygons) continue;
    Mask mask = mask_of_polygons(*polygons, record.frame);
    if (!mask.empty()) record.masks.push_back({f, std::move(mask)});
  }
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if ((name.starts_with("gt_segmentations") || name.starts_with("gt_annotations")) &&
        name.ends_with(".json"))
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool detects_chexlocalize(const fs::path& path) {
  if (fs::is_directory(path)) return !files_in(path).empty();
  if (path.extension() != ".json") return false;
  const std::string text = head_of(path);
  return text.find("\"images\"") == std::string::npos &&
         text.find("\"annotations\"") == std::string::npos &&  // COCO's
         (text.find("\"img_size\"") != std::string::npos ||
          text.find("\"counts\"") != std::string::npos) &&
         text.find_first_not_of(" \t\r\n") == text.find('{');
}

}  // namespace

Dataset parse_chexlocalize(std::string_view text, const fs::path& file) {
  const nlohmann::json document = parse_json(text, file);
  const JsonValue root(document, file);
  root.must_be_object();
  Dataset dataset;
  dataset.name = "chexlocalize";
  dataset.findings = findings_of(document);
  for (const auto& [name, value] : document.items()) {
    const JsonValue image = root.at(name);
    image.must_be_object();
    Record record;
    record.image = name;
    record.patient = name.substr(0, name.find("_study"));
    if (image.find(kImageSize))
      add_annotations(image, dataset.findings, record);
    else
      add_segmentations(image, dataset.findings, record);
    record.labels.assign(dataset.findings.size(), Label::negative);
    for (const FindingMask& mask : record.masks) record.labels[mask.finding] = Label::positive;
    dataset.records.push_back(std::move(record));
  }
  if (dataset.records.empty()) root.fail("no image is there", "is this the right file?");
  return dataset;
}

Dataset read_chexlocalize(const fs::path& folder_or_file) {
  fs::path file = folder_or_file;
  if (fs::is_directory(folder_or_file)) {
    const std::vector<fs::path> files = files_in(folder_or_file);
    if (files.size() > 1) {
      std::vector<std::string> names;
      for (const fs::path& candidate : files) names.push_back(candidate.filename().string());
      throw UserError(fmt::format("{} holds several files of segmentations: {}",
                                  folder_or_file.string(), fmt::join(names, ", ")),
                      "name the file instead of the folder");
    }
    file = files.front();
  }
  Dataset dataset = parse_chexlocalize(read_file(file), file);
  dataset.folder = folder_of(file);
  return with_image_files(std::move(dataset));
}

DatasetReader chexlocalize_reader() {
  return {"chexlocalize", "gt_segmentations_*.json or gt_annotations_*.json", detects_chexlocalize,
          read_chexlocalize};
}

}  // namespace chestmap
