#include "data/coco.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
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

constexpr std::int64_t kLargestId = std::int64_t{1} << 53U;

/// An id as text: COCO's are numbers, other programs write texts.
std::string id_text(const JsonValue& value) {
  if (value.is_text()) return value.text();
  return fmt::format("{}", value.whole(-kLargestId, kLargestId));
}

using Places = std::unordered_map<std::string, std::size_t>;

void add_unique(Places& places, const std::string& id, std::size_t place, const JsonValue& value) {
  if (!places.emplace(id, place).second)
    value.fail(fmt::format("the id {} is there a second time", id));
}

class CocoFile {
 public:
  explicit CocoFile(const JsonValue& root) {
    root.must_be_object();
    add_categories(root.at("categories"));
    add_images(root.at("images"));
    const JsonValue annotations = root.at("annotations");
    annotations.must_be_array();
    for (std::size_t i = 0; i < annotations.size(); ++i) add_annotation(annotations.at(i));
  }

  [[nodiscard]] Dataset take() { return std::move(dataset_); }

 private:
  void add_categories(const JsonValue& list);
  void add_images(const JsonValue& list);
  void add_annotation(const JsonValue& annotation);
  [[nodiscard]] static std::size_t place_of(const JsonValue& id, const Places& places,
                                            std::string_view list) {
    const auto found = places.find(id_text(id));
    if (found == places.end()) id.fail(fmt::format("{} does not hold {}", list, id_text(id)));
    return found->second;
  }

  Dataset dataset_;
  Places categories_;
  Places images_;
};

void CocoFile::add_categories(const JsonValue& list) {
  list.must_be_array();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const JsonValue category = list.at(i);
    const JsonValue id = category.at("id");
    add_unique(categories_, id_text(id), i, id);
    dataset_.category_ids.push_back(id.is_number() ? id.whole(-kLargestId, kLargestId)
                                                   : static_cast<std::int64_t>(i + 1));
    const std::string& name = category.at("name").text();
    if (std::find(names.begin(), names.end(), name) != names.end())
      category.fail(fmt::format("the category \"{}\" is there a second time", name));
    names.push_back(name);
  }
  dataset_.findings = FindingList(std::move(names));
}

void CocoFile::add_images(const JsonValue& list) {
  list.must_be_array();
  if (list.size() == 0) list.fail("no image is there");
  Places file_names;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const JsonValue image = list.at(i);
    const JsonValue id = image.at("id");
    add_unique(images_, id_text(id), i, id);
    Record record;
    record.image = image.at("file_name").text();
    add_unique(file_names, record.image, i, image.at("file_name"));
    record.id = id_text(id);
    const auto patient = image.find("patient_id");
    record.patient = patient ? id_text(*patient) : record.image;
    constexpr auto most = static_cast<std::int64_t>(kLargestSide);
    record.frame = {static_cast<std::size_t>(image.at("width").whole(1, most)),
                    static_cast<std::size_t>(image.at("height").whole(1, most))};
    record.labels.assign(dataset_.findings.size(), Label::negative);
    dataset_.records.push_back(std::move(record));
  }
}

void CocoFile::add_annotation(const JsonValue& annotation) {
  const std::size_t place = place_of(annotation.at("image_id"), images_, "$.images");
  Record& record = dataset_.records[place];
  const std::size_t finding = place_of(annotation.at("category_id"), categories_, "$.categories");
  if (const auto crowd = annotation.find("iscrowd"); crowd && crowd->whole(0, 1) == 1) {
    dataset_.skipped.push_back({record.image, "a region of a crowd (iscrowd) is no box to find"});
    return;
  }
  record.labels[finding] = Label::positive;
  const auto bbox = annotation.find("bbox");
  const auto segmentation = annotation.find("segmentation");
  const bool has_mask = segmentation && segmentation->size() > 0;
  if (!bbox && !has_mask) annotation.fail("neither bbox nor segmentation is there");
  if (bbox && bbox->size() > 0) {
    bbox->must_be_array();
    if (bbox->size() != 4) bbox->fail("[x, y, width, height] was expected");
    const Box box{bbox->at(0).number(), bbox->at(1).number(), bbox->at(2).number(),
                  bbox->at(3).number()};
    const auto width = static_cast<double>(record.frame.width);
    const auto height = static_cast<double>(record.frame.height);
    const Box inside = clipped(box, width, height);
    if (inside.width <= 0.0 || inside.height <= 0.0 || box.x <= -1.0 || box.y <= -1.0 ||
        box.right() >= width + 1.0 || box.bottom() >= height + 1.0)
      bbox->fail(fmt::format("the box x={} y={} width={} height={} has no area or leaves the {}x{} "
                             "image",
                             box.x, box.y, box.width, box.height, width, height),
                 "a box is [x, y, width, height] in pixels, not two corners");
    record.boxes.push_back({finding, inside});
  }
  if (!has_mask) return;
  Mask mask = segmentation->is_object() ? mask_of_rle(*segmentation)
                                        : mask_of_polygons(*segmentation, record.frame);
  if (mask.width() != record.frame.width || mask.height() != record.frame.height)
    segmentation->fail(fmt::format("the mask has {}x{} pixels, the image {}x{}", mask.width(),
                                   mask.height(), record.frame.width, record.frame.height));
  if (!mask.empty()) record.masks.push_back({finding, std::move(mask)});
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::path& part : {folder, folder / "annotations"}) {
    if (!fs::is_directory(part)) continue;
    for (const auto& entry : fs::directory_iterator(part)) {
      const std::string name = entry.path().filename().string();
      if (name.ends_with(".json") &&
          (name.starts_with("instances") || name.find("coco") != std::string::npos ||
           name == "annotations.json"))
        files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool detects_coco(const fs::path& path) {
  if (fs::is_directory(path)) return !files_in(path).empty();
  if (path.extension() != ".json") return false;
  // Either may lie far behind the other.
  const std::string text = head_of(path);
  return text.find("\"images\"") != std::string::npos ||
         text.find("\"annotations\"") != std::string::npos;
}

}  // namespace

Dataset parse_coco(std::string_view text, const fs::path& file) {
  const nlohmann::json document = parse_json(text, file);
  Dataset dataset = CocoFile(JsonValue(document, file)).take();
  dataset.name = "coco";
  return dataset;
}

Dataset read_coco(const fs::path& folder_or_file) {
  fs::path file = folder_or_file;
  if (fs::is_directory(folder_or_file)) {
    const std::vector<fs::path> files = files_in(folder_or_file);
    if (files.size() > 1) {
      std::vector<std::string> names;
      for (const fs::path& candidate : files) names.push_back(candidate.filename().string());
      throw UserError(fmt::format("{} holds several COCO files: {}", folder_or_file.string(),
                                  fmt::join(names, ", ")),
                      "name the file instead of the folder");
    }
    file = files.front();
  }
  Dataset dataset = parse_coco(read_file(file), file);
  dataset.folder = fs::is_directory(folder_or_file) ? folder_or_file : folder_of(file);
  return with_image_files(std::move(dataset));
}

DatasetReader coco_reader() {
  return {"coco", "one of instances*.json, *coco*.json, annotations.json", detects_coco, read_coco};
}

}  // namespace chestmap
