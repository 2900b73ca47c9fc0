#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "evaluate/predictions.h"
#include "metrics/localization_case.h"
#include "metrics/ranking.h"

namespace chestmap {

/// A finding that both the predictions and the data set name.
struct JoinedFinding {
  std::string name;
  std::size_t predicted = 0;  ///< index among the predictions' findings
  std::size_t labelled = 0;   ///< index among the data set's
};

/// A boxed image, its boxes sorted by finding.
struct BoxedImage {
  std::size_t image = 0;                ///< index into the weights
  std::size_t boxes = 0;                ///< of all findings
  std::vector<std::vector<Box>> truth;  ///< one list a `JoinedFinding`
};

/// Predictions, labels and boxes on one numbering of the images. Images are numbered in the order
/// of their records, each once.
class Joined {
 public:
  /// Throws as `evaluate` does.
  Joined(const Dataset& dataset, const Predictions& predictions,
         std::span<const std::size_t> boxed);

  [[nodiscard]] std::size_t images() const noexcept { return records_.size(); }
  [[nodiscard]] const std::vector<JoinedFinding>& findings() const noexcept { return findings_; }
  [[nodiscard]] const std::vector<BoxedImage>& boxed() const noexcept { return boxed_; }
  /// The patient of each image.
  [[nodiscard]] std::vector<std::string> patients() const;
  [[nodiscard]] Ranking ranking(const JoinedFinding& finding) const;
  /// Boxes of the finding with this index in `findings()`.
  [[nodiscard]] std::size_t boxes_of(std::size_t finding) const;

 private:
  void join_findings();
  void join_boxes(std::span<const std::size_t> boxed);
  [[nodiscard]] std::size_t image_of(std::size_t record) const;

  const Dataset& dataset_;
  const Predictions& predictions_;
  std::vector<std::size_t> records_;  ///< sorted
  std::vector<JoinedFinding> findings_;
  std::vector<BoxedImage> boxed_;
};

}  // namespace chestmap
