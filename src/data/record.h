#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/finding.h"
#include "geometry/box.h"
#include "geometry/mask.h"
#include "image/codec.h"

namespace chestmap {

/// A radiologist's box of one finding, in the record's frame.
struct FindingBox {
  std::size_t finding = 0;
  Box box;
};

/// A radiologist's outline of one finding, over the record's frame.
struct FindingMask {
  std::size_t finding = 0;
  Mask mask;
};

class ImagePack;

enum class ViewPosition { unknown, pa, ap };
enum class Sex { unknown, female, male };

/// One radiograph of a data set.
struct Record {
  std::string image;  ///< the name that the data set's tables use, e.g. "00000001_000.png"
  std::filesystem::path
      file;  ///< where it lies; empty where the data set's folder does not hold it
  std::shared_ptr<const ImagePack> pack;  ///< of a prepared data set, whose folder `file` is then
  std::size_t pack_index = 0;
  std::string patient;
  std::vector<Label> labels;  ///< one a finding of the data set's list
  /// Findings that the labeller called uncertain; their label is `unknown` until a policy decides.
  std::vector<std::size_t> uncertain;
  std::vector<FindingBox> boxes;  ///< in the record's frame, whatever size the file on disk has
  ImageSize frame;                ///< the frame of the boxes: 1024x1024 for ChestX-ray14
  bool frame_is_assumed = false;  ///< neither a table nor the image's header told it
  ViewPosition view = ViewPosition::unknown;
  Sex sex = Sex::unknown;
  std::optional<double> age_years;
  std::vector<FindingMask> masks;  ///< empty where the data set has none
  std::string id;  ///< another name by which prediction files may call it: COCO's image id
};

/// A row or file that was left out, with the reason; written to `skipped.csv`.
struct Skipped {
  std::string item;
  std::string reason;
};

/// The tables of a data set, joined. `train_val` and `test` index `records`; both are empty where
/// the data set has no official lists.
struct Dataset {
  std::string name;  ///< e.g. "chestxray14"; "phantoms" where they are simulated
  std::filesystem::path folder;
  FindingList findings;
  std::vector<Record> records;
  std::vector<std::size_t> train_val;
  std::vector<std::size_t> test;
  std::vector<Skipped> skipped;
  /// The number that COCO results give each finding; where it is empty, findings are counted from 1
  /// in the list's order.
  std::vector<std::int64_t> category_ids;
};

}  // namespace chestmap
