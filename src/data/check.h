#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/record.h"

namespace chestmap {

struct CheckOptions {
  /// Decode every image instead of reading the sizes in the headers, and look for duplicates.
  /// Images of a prepared data set are always read, and their checksums verified.
  bool decode = false;
  std::size_t threads = 2;
  /// Called with the number of images done, from one thread at a time.
  std::function<void(std::size_t)> progress = {};
};

/// Images whose pixels are all the same.
struct DuplicateCheck {
  std::size_t groups = 0;
  std::size_t images = 0;           ///< in all groups
  std::size_t across_patients = 0;  ///< groups with images of several patients
  std::size_t across_lists = 0;     ///< groups with images of both official lists
  /// The first groups, each with the names of its images.
  std::vector<std::vector<std::string>> examples;
};

/// Counts of one finding. Boxes of an image in neither official list count in `boxes` alone.
struct FindingCheck {
  std::string name;
  std::size_t positive = 0;
  std::size_t negative = 0;
  std::size_t unknown = 0;    ///< the uncertain ones included
  std::size_t uncertain = 0;  ///< as a labeller called them
  std::size_t train_val = 0;  ///< positive in the official training and validation list
  std::size_t test = 0;       ///< positive in the official test list
  std::size_t boxes = 0;
  std::optional<double> median_box_share;  ///< median of box area / frame area, in [0, 1]
};

/// Images and patients of a part of the data set.
struct PartCheck {
  std::size_t images = 0;
  std::size_t patients = 0;
};

/// What a data folder holds.
struct DataCheck {
  std::string name;
  std::string folder;
  PartCheck all;
  PartCheck train_val;
  PartCheck test;
  std::size_t without_finding = 0;
  std::size_t train_val_without_finding = 0;
  std::size_t test_without_finding = 0;
  std::vector<FindingCheck> findings;
  std::size_t boxes = 0;
  PartCheck boxed;  ///< images and patients that have a box
  std::size_t boxes_without_label =
      0;                             ///< the image-level label of the box's finding is not positive
  std::size_t patients_in_both = 0;  ///< with images in both official lists
  std::string patient_in_both;       ///< one of them
  std::vector<std::pair<std::string, std::size_t>> views;
  std::vector<std::pair<std::string, std::size_t>> sexes;
  std::vector<std::pair<std::string, std::size_t>> ages;  ///< by decade, "60-69"; "unknown" last
  std::size_t images_found = 0;                           ///< rows whose image lies in the folder
  std::size_t images_missing = 0;                         ///< rows whose image does not
  bool decoded =
      false;  ///< every image was decoded (or its checksum verified), not only its header
  std::optional<DuplicateCheck> duplicates;              ///< where every image was decoded
  std::vector<std::pair<ImageSize, std::size_t>> sizes;  ///< with the number of images, most first
  std::vector<Skipped> unreadable;                       ///< in the order of the records
};

/// Counts the records and looks at every image file. An unreadable image is a value in the result.
[[nodiscard]] DataCheck check_dataset(const Dataset& dataset, const CheckOptions& options = {});

[[nodiscard]] nlohmann::json to_json(const DataCheck& check);

/// For a terminal, at most 100 columns; unreadable images are counted and the first few named.
[[nodiscard]] std::string to_text(const DataCheck& check);

}  // namespace chestmap
