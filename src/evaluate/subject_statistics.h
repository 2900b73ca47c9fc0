#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "evaluate/figures.h"
#include "evaluate/joined.h"
#include "metrics/free_response.h"
#include "metrics/localization_case.h"

namespace chestmap {

// The measures of the registry (metrics/measures.h) as statistics of weighted images.

/// All classification measures of one finding; those that take a threshold at `threshold`.
[[nodiscard]] std::vector<NamedStatistics> classification_statistics(
    const std::shared_ptr<const Ranking>& ranking, double threshold);
/// AUROC alone, for strata.
[[nodiscard]] std::vector<NamedStatistics> brief_classification_statistics(
    const std::shared_ptr<const Ranking>& ranking);

/// A method's results of one finding beside what radiologists drew.
class MethodView {
 public:
  /// `finding` indexes `joined.findings()`; `columns` is the number of findings of the method's
  /// results. Refers to what it is given.
  MethodView(const Joined& joined, const LocalizationMethod& method, std::size_t finding,
             std::size_t columns)
      : joined_(&joined), method_(&method), finding_(finding), columns_(columns) {}

  [[nodiscard]] const FindingLocalization& result(std::size_t localized) const {
    return method_->results[localized * columns_ + joined_->findings()[finding_].predicted];
  }
  [[nodiscard]] const Joined& joined() const { return *joined_; }
  [[nodiscard]] const LocalizationMethod& method() const { return *method_; }
  [[nodiscard]] std::size_t finding() const { return finding_; }

 private:
  const Joined* joined_;
  const LocalizationMethod* method_;
  std::size_t finding_;
  std::size_t columns_;
};

/// Says which of the true boxes of a localized image belong to a stratum.
using TakesBox = std::function<bool(const LocalizedImage& image, const Box& box)>;

/// The boxes of the finding as marks; null where the method draws none or the radiologists did not.
[[nodiscard]] std::shared_ptr<const FreeResponse> free_response_of(const MethodView& view);
/// All measures by box, mask, detection and mark that the method can have; `marks` are the view's.
[[nodiscard]] std::vector<NamedStatistics> localization_statistics(
    const MethodView& view, std::shared_ptr<const FreeResponse> marks);
/// A few measures by box and mask, for strata, over the boxes that `takes` takes and the masks of
/// the images that `takes_image` takes; the shares of all `views` are added together.
[[nodiscard]] std::vector<NamedStatistics> brief_localization_statistics(
    std::span<const MethodView> views, const TakesBox& takes,
    const std::function<bool(const LocalizedImage&)>& takes_image);

/// One method, image and finding by itself.
[[nodiscard]] ImageScores image_scores(const MethodView& view, std::size_t localized);

}  // namespace chestmap
