#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/record.h"
#include "geometry/boxes_from_map.h"
#include "geometry/mask.h"

namespace chestmap {

/// A detected region of a finding, over the record's frame, and its score.
struct ScoredMask {
  Mask mask;
  double score = 0.0;
};

/// What a file says of one finding on one image, in the record's frame.
struct ImagePrediction {
  std::size_t record = 0;             ///< index into `Dataset::records`
  std::size_t finding = 0;            ///< index into `PredictionSet::findings`
  std::optional<double> probability;  ///< that the image shows the finding, in [0, 1]
  std::vector<ScoredBox> boxes;       ///< highest score first
  std::vector<ScoredMask> masks;      ///< highest score first
  std::optional<Point> peak;          ///< the point that is most typical of the finding
  std::filesystem::path map;          ///< for `load_map`; empty where there is none
};

/// Somebody's predictions on the images of a data set. An image without an item was given nothing:
/// whether that means "no detection" or "not looked at" is the format's matter (docs/formats.md).
struct PredictionSet {
  std::string name;    ///< the file's or folder's name
  std::string format;  ///< as in `PredictionFormat::name`
  FindingList
      findings;  ///< those that the file speaks of, as the data set spells them, in its order
  std::vector<ImagePrediction> items;  ///< by record, then finding; one a pair
  std::vector<Skipped> skipped;        ///< rows of images or findings that the data set lacks
  std::map<std::string, std::string> metadata;  ///< what else the file says of itself
};

}  // namespace chestmap
