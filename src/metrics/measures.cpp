#include "metrics/measures.h"

#include <fmt/format.h>

#include "metrics/auroc.h"
#include "metrics/average_precision.h"
#include "metrics/false_positives.h"
#include "metrics/localization_accuracy.h"
#include "metrics/mean_iou.h"
#include "metrics/pointing_game.h"

namespace chestmap {

namespace {

// The thresholds at which Wang et al., CVPR 2017, report.
std::vector<double> thresholds_of(Overlap overlap) {
  if (overlap == Overlap::iou) return {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7};
  return {0.1, 0.25, 0.5, 0.75, 0.9};
}

using ThresholdShare = Fraction (*)(const LocalizationCase&, Overlap, double);

std::vector<LocalizationMeasure> at_thresholds(const std::string& group, const std::string& title,
                                               Overlap overlap, ThresholdShare share) {
  std::vector<LocalizationMeasure> measures;
  for (const double threshold : thresholds_of(overlap))
    measures.push_back({fmt::format("{}.{}", group, threshold),
                        fmt::format("{} {}", title, threshold),
                        [overlap, threshold, share](const LocalizationCase& image) {
                          return share(image, overlap, threshold);
                        }});
  return measures;
}

}  // namespace

std::vector<ClassificationMeasure> classification_measures() {
  return {
      {"auroc", "AUROC", auroc},
      {"average_precision", "average precision", average_precision},
  };
}

std::vector<LocalizationMeasure> localization_measures() {
  const std::vector<std::vector<LocalizationMeasure>> table = {
      {{"pointing", "pointing game", pointing_game}},
      {{"mean_iou", "mean IoU", mean_iou}},
      at_thresholds("iou", "T(IoU)", Overlap::iou, localization_accuracy),
      at_thresholds("iobb", "T(IoBB)", Overlap::iobb, localization_accuracy),
      at_thresholds("afp_iou", "AFP at T(IoU)", Overlap::iou, false_positives),
      at_thresholds("afp_iobb", "AFP at T(IoBB)", Overlap::iobb, false_positives),
  };
  std::vector<LocalizationMeasure> measures;
  for (const auto& group : table) measures.insert(measures.end(), group.begin(), group.end());
  return measures;
}

}  // namespace chestmap
