#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "data/name_index.h"
#include "predictions/prediction_set.h"

namespace chestmap {

/// Gathers what a file says, row by row, into a PredictionSet: matches names, sets aside what the
/// data set does not hold, keeps one item a (record, finding). `dataset` must outlive it.
class Collector {
 public:
  explicit Collector(const Dataset& dataset);

  /// The record of an image; where there is none, the row `item` is set aside.
  [[nodiscard]] std::optional<std::size_t> record(std::string_view image, const std::string& item);
  /// The finding, by the data set's list; where there is none, the row `item` is set aside.
  [[nodiscard]] std::optional<std::size_t> finding(std::string_view name, const std::string& item);
  /// The same by COCO's category number.
  [[nodiscard]] std::optional<std::size_t> category(std::int64_t number, const std::string& item);

  /// What is there of the pair, made where nothing was; its `finding` is the data set's index until
  /// `finish`. The reference holds until the next call.
  [[nodiscard]] ImagePrediction& at(std::size_t record, std::size_t finding);
  [[nodiscard]] bool holds(std::size_t record, std::size_t finding) const;
  /// Says that the file speaks of the finding, though maybe without a detection.
  void mention(std::size_t finding) { mentioned_.insert(finding); }
  void skip(const std::string& item, const std::string& reason);

  /// Sorted, with the findings that the file spoke of. Throws UserError where every row was set
  /// aside: then the file and the data set do not belong together.
  [[nodiscard]] PredictionSet finish(const std::filesystem::path& file, const std::string& format);

  [[nodiscard]] const Dataset& dataset() const noexcept { return dataset_; }
  [[nodiscard]] const ImageNameIndex& images() const noexcept { return images_; }
  [[nodiscard]] const FindingIndex& findings() const noexcept { return findings_; }

 private:
  const Dataset& dataset_;
  ImageNameIndex images_;
  FindingIndex findings_;
  std::vector<ImagePrediction> items_;
  std::unordered_map<std::size_t, std::size_t> places_;  ///< record * findings + finding -> item
  std::set<std::size_t> mentioned_;
  std::vector<Skipped> skipped_;
};

}  // namespace chestmap
