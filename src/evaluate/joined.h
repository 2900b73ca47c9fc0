#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "evaluate/predictions.h"
#include "metrics/ranking.h"

namespace chestmap {

/// A finding that both the predictions and the data set name.
struct JoinedFinding {
  std::string name;
  std::size_t predicted = 0;  ///< index among the predictions' findings
  std::size_t labelled = 0;   ///< index among the data set's
};

/// What is known of a finding on an image, for measures by box that count false positives.
enum class Presence {
  shown,    ///< a radiologist drew it
  absent,   ///< the image's label says that it is not there
  unclear,  ///< labelled without being drawn, or unknown
};

/// An image that localization is scored on.
struct LocalizedImage {
  std::size_t image = 0;   ///< index into the weights
  std::size_t record = 0;  ///< index into the data set's records
  ImageSize frame;
  std::size_t boxes = 0;                   ///< of all findings
  std::vector<std::vector<Box>> truth;     ///< one list a `JoinedFinding`
  std::optional<ImageSize> segmented;      ///< the masks' size, where it has any of a finding
  std::vector<std::optional<Mask>> masks;  ///< one a `JoinedFinding`; the union of several
  std::vector<Presence> presence;          ///< one a `JoinedFinding`
};

/// Predictions, labels and boxes on one numbering of the images. Images are numbered in the order
/// of their names, each once. Refers to what it is given, which must outlive it.
class Joined {
 public:
  /// `methods` are the findings that the methods' results are of. Throws as `evaluate` does.
  Joined(const Dataset& dataset, std::span<const Classifier> classifiers,
         const FindingList& methods, std::span<const std::size_t> localized);

  [[nodiscard]] std::size_t images() const noexcept { return records_.size(); }
  /// Indices into the data set's records, of the images.
  [[nodiscard]] const std::vector<std::size_t>& records() const noexcept { return records_; }
  /// Of each classifier.
  [[nodiscard]] const std::vector<std::vector<JoinedFinding>>& classified() const noexcept {
    return classified_;
  }
  /// Those of the methods.
  [[nodiscard]] const std::vector<JoinedFinding>& findings() const noexcept { return findings_; }
  [[nodiscard]] const std::vector<LocalizedImage>& localized() const noexcept { return localized_; }
  /// Indices into `localized()` of the images with a box or mask, of any finding: few of many.
  [[nodiscard]] const std::vector<std::size_t>& drawn() const noexcept { return drawn_; }
  /// The patient of each image.
  [[nodiscard]] std::vector<std::string> patients() const;
  /// Images of known label with a probability of the classifier for the finding. Throws UserError
  /// for a probability that is no number.
  [[nodiscard]] std::vector<ScoredLabel> scores(std::size_t classifier,
                                                const JoinedFinding& finding) const;
  /// Boxes, and images with a mask, of the finding with this index in `findings()`.
  [[nodiscard]] std::size_t boxes_of(std::size_t finding) const;
  [[nodiscard]] std::size_t masks_of(std::size_t finding) const;
  /// Images on which the finding is known to be absent.
  [[nodiscard]] std::size_t normals_of(std::size_t finding) const;

 private:
  [[nodiscard]] std::vector<JoinedFinding> shared(const FindingList& findings) const;
  void join_localized(std::span<const std::size_t> localized);

  const Dataset& dataset_;
  std::span<const Classifier> classifiers_;
  std::vector<std::size_t> records_;  ///< sorted by the images' names
  std::vector<std::size_t> images_;   ///< the image of each record that is one
  std::vector<std::vector<JoinedFinding>> classified_;
  std::vector<JoinedFinding> findings_;
  std::vector<LocalizedImage> localized_;
  std::vector<std::size_t> drawn_;
};

/// The patient of a record; one that is not known is a patient of its own.
[[nodiscard]] std::string patient_of(const Record& record);

}  // namespace chestmap
