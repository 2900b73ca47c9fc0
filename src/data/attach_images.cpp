#include "data/attach_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "base/csv.h"
#include "base/error.h"
#include "base/log.h"
#include "base/table.h"
#include "data/image_files.h"
#include "data/name_index.h"
#include "data/skipped.h"
#include "image/codec.h"

namespace chestmap {

namespace {

namespace fs = std::filesystem;

std::vector<std::size_t> moved(const std::vector<std::size_t>& places,
                               const std::vector<std::optional<std::size_t>>& moves) {
  std::vector<std::size_t> result;
  result.reserve(places.size());
  for (const std::size_t place : places)
    if (const auto to = moves[place]) result.push_back(*to);
  return result;
}

/// Sizes by `image_sizes.csv` or `train_meta.csv`.
Dataset with_table_frames(Dataset dataset, const fs::path& file) {
  const CsvTable csv = read_csv(file);
  const TableReader table(csv);
  const Column image = table.need({"image", "image_id", "file_name"});
  const Column width = table.need({"width", "dim1"});
  const Column height = table.need({"height", "dim0"});
  const ImageNameIndex index(dataset.records);
  for (const CsvRow& row : csv.rows) {
    const auto side = [&](const Column& column) {
      const double value = table.number(row, column);
      if (value != std::floor(value) || value < 1.0 || value > static_cast<double>(kLargestSide))
        table.fail(
            row, column,
            fmt::format("{} is no image side; 1 to {} pixels are accepted", value, kLargestSide));
      return static_cast<std::size_t>(value);
    };
    const ImageSize size{side(width), side(height)};
    const auto record = index.find(table.filled(row, image));
    if (record && dataset.records[*record].frame == ImageSize{})
      dataset.records[*record].frame = size;
  }
  return dataset;
}

ImageSize size_in_header(const Record& record) {
  if (record.file.empty()) return {};
  try {
    return read_image_size(record.file);
  } catch (const ImageError&) {
    return {};  // whoever decodes the image reports it
  }
}

/// `otherwise`, or as much more as the boxes take.
ImageSize assumed_frame(const Record& record, ImageSize otherwise) {
  for (const FindingBox& box : record.boxes) {
    otherwise.width =
        std::max(otherwise.width, static_cast<std::size_t>(std::ceil(box.box.right())));
    otherwise.height =
        std::max(otherwise.height, static_cast<std::size_t>(std::ceil(box.box.bottom())));
  }
  return otherwise;
}

Box inside_frame(const Box& box, const Record& record) {
  const auto width = static_cast<double>(record.frame.width);
  const auto height = static_cast<double>(record.frame.height);
  constexpr double slack = 1.0;
  const Box inside = clipped(box, width, height);
  if (box.x <= -slack || box.y <= -slack || box.right() >= width + slack ||
      box.bottom() >= height + slack || inside.width <= 0.0 || inside.height <= 0.0)
    throw UserError(
        fmt::format("the box x={} y={} w={} h={} of image {} leaves its frame of {}x{} pixels",
                    box.x, box.y, box.width, box.height, record.image, record.frame.width,
                    record.frame.height),
        "boxes are in pixels of the original images; are these resized copies? image_sizes.csv "
        "beside the tables tells the original sizes");
  return inside;
}

}  // namespace

Dataset without_fileless(Dataset dataset) {
  std::vector<Record> present;
  std::vector<std::optional<std::size_t>> moves(dataset.records.size());
  present.reserve(dataset.records.size());
  for (std::size_t i = 0; i < dataset.records.size(); ++i) {
    Record& record = dataset.records[i];
    if (record.file.empty()) {
      dataset.skipped.push_back({record.image, std::string(kImageNotInFolder)});
    } else {
      moves[i] = present.size();
      present.push_back(std::move(record));
    }
  }
  dataset.records = std::move(present);
  dataset.train_val = moved(dataset.train_val, moves);
  dataset.test = moved(dataset.test, moves);
  return dataset;
}

Dataset with_image_files(Dataset dataset) {
  std::vector<ImageFile> images = find_image_files(dataset.folder);
  const ImageNameIndex index(images.empty() ? std::span<const Record>{} : dataset.records);
  for (ImageFile& image : images) {
    const auto record = index.find(image.name);
    if (!record) continue;
    Record& found = dataset.records[*record];
    if (!found.file.empty() && found.image != image.name) continue;
    found.file = std::move(image.path);
  }
  const bool any = std::any_of(dataset.records.begin(), dataset.records.end(),
                               [](const Record& record) { return !record.file.empty(); });
  if (!any || !find_image_archives(dataset.folder).empty()) return dataset;
  return without_fileless(std::move(dataset));
}

Dataset with_frames(Dataset dataset, ImageSize otherwise) {
  for (const char* name : {"image_sizes.csv", "train_meta.csv"})
    if (const fs::path file = dataset.folder / name; fs::exists(file))
      dataset = with_table_frames(std::move(dataset), file);
  std::size_t assumed = 0;
  for (Record& record : dataset.records) {
    if (record.frame == ImageSize{}) record.frame = size_in_header(record);
    if (record.frame == ImageSize{}) {
      record.frame = assumed_frame(record, otherwise);
      record.frame_is_assumed = true;
      ++assumed;
    }
  }
  if (assumed > 0)
    warn(
        "{} of {} images have no known size; a frame of {}x{} pixels is assumed, wider where boxes "
        "leave it (image_sizes.csv with image,width,height beside the tables tells the sizes)",
        assumed, dataset.records.size(), otherwise.width, otherwise.height);
  return with_checked_boxes(std::move(dataset));
}

Dataset with_checked_boxes(Dataset dataset) {
  for (Record& record : dataset.records)
    for (FindingBox& box : record.boxes) box.box = inside_frame(box.box, record);
  return dataset;
}

}  // namespace chestmap
