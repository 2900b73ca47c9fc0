#include "metrics/measures.h"

#include <fmt/format.h>

#include "metrics/afroc.h"
#include "metrics/auroc.h"
#include "metrics/average_precision.h"
#include "metrics/brier_score.h"
#include "metrics/calibration_error.h"
#include "metrics/false_positives.h"
#include "metrics/froc.h"
#include "metrics/hit_rate.h"
#include "metrics/localization_accuracy.h"
#include "metrics/mask_dice.h"
#include "metrics/mask_iou.h"
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

FreeResponseMeasure afroc_measure(std::string name, std::string title, Afroc kind) {
  return {std::move(name), std::move(title),
          [kind](const WeighedMarks& marks) { return afroc_area(marks, kind); }};
}

}  // namespace

std::vector<ClassificationMeasure> classification_measures() {
  return {
      {"auroc", "AUROC", auroc},
      {"average_precision", "average precision", average_precision},
      {"brier", "Brier score", brier_score},
      {"ece", "expected calibration error", expected_calibration_error},
  };
}

std::vector<ThresholdMeasure> threshold_measures() {
  return {
      {"sensitivity", "sensitivity", sensitivity},
      {"specificity", "specificity", specificity},
      {"ppv", "positive predictive value", positive_predictive_value},
      {"npv", "negative predictive value", negative_predictive_value},
      {"f1", "F1 score", f1_score},
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

std::vector<MaskMeasure> mask_measures() {
  return {
      {"mask_iou", "mIoU of masks", mask_iou},
      {"mask_iou_all", "mIoU of masks, misses and false masks as 0", mask_iou_all},
      {"hit_rate", "hit rate", hit_rate},
      {"mask_dice", "Dice", mask_dice},
  };
}

std::vector<DetectionMeasure> detection_measures() {
  std::vector<DetectionMeasure> measures;
  for (const double threshold : {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75})
    measures.push_back({fmt::format("ap.{}", threshold), fmt::format("AP at IoU {}", threshold),
                        threshold, coco_average_precision});
  return measures;
}

std::vector<FreeResponseMeasure> free_response_measures() {
  std::vector<FreeResponseMeasure> measures = {
      afroc_measure("wafroc", "wAFROC", Afroc::wafroc),
      afroc_measure("afroc", "AFROC", Afroc::afroc),
      afroc_measure("wafroc1", "wAFROC1", Afroc::wafroc1),
      afroc_measure("afroc1", "AFROC1", Afroc::afroc1),
      {"froc_mean", "mean FROC sensitivity", mean_lesion_fraction},
      {"max_llf", "MaxLLF", max_lesion_fraction},
      {"max_nlf", "MaxNLF", max_false_marks_per_image},
  };
  for (const double rate : {0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0})
    measures.push_back(
        {fmt::format("froc.{}", rate), fmt::format("LLF at {} FP per image", rate),
         [rate](const WeighedMarks& marks) { return lesion_fraction_at(marks, rate); }});
  return measures;
}

}  // namespace chestmap
