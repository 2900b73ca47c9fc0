#include "evaluate/subject_statistics.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "metrics/detection_case.h"
#include "metrics/free_response.h"
#include "metrics/mask_iou.h"
#include "metrics/mean_iou.h"
#include "metrics/measures.h"
#include "metrics/pointing_game.h"
#include "metrics/ratio.h"

namespace chestmap {

namespace {

constexpr std::array<std::string_view, 7> kBrief = {"pointing", "mean_iou", "iou.0.1", "iou.0.3",
                                                    "iou.0.5",  "mask_iou", "hit_rate"};

bool is_brief(const std::string& measure) {
  return std::find(kBrief.begin(), kBrief.end(), measure) != kBrief.end();
}

/// A mark localises a lesion where the centre of its box lies in the radiologists' box, as in the
/// free-response studies of nodules: marks tell where, not how large.
constexpr Overlap kMarkOverlap = Overlap::centre;
constexpr double kMarkThreshold = 0.5;

/// What the measures are given for a peak that is missing: a point that no box holds.
constexpr Point kNowhere{-1.0, -1.0};

bool points(const LocalizationMethod& method) {
  return std::any_of(method.results.begin(), method.results.end(),
                     [](const FindingLocalization& result) { return result.peak.has_value(); });
}

NamedStatistic statistic_of(std::string name, RatioOfSums ratio) {
  return {std::move(name), [ratio = std::move(ratio)](std::span<const double> weights) {
            return ratio.value(weights);
          }};
}

LocalizationCase case_of(const LocalizedImage& image, std::span<const Box> truth,
                         const FindingLocalization& result) {
  return {truth, result.boxes, result.peak.value_or(kNowhere), image.boxes};
}

/// Whether the method has what the measure is of.
bool applies(const LocalizationMeasure& measure, const LocalizationMethod& method,
             bool with_peaks) {
  return measure.name == "pointing" ? with_peaks : method.draws_boxes;
}

void add_boxes(RatioOfSums& ratio, const LocalizationMeasure& measure, const MethodView& view,
               const TakesBox& takes) {
  for (std::size_t i = 0; i < view.joined().localized().size(); ++i) {
    const LocalizedImage& image = view.joined().localized()[i];
    if (image.boxes == 0) continue;
    const std::vector<Box>& all = image.truth[view.finding()];
    if (!takes) {
      ratio.add(image.image, measure.share(case_of(image, all, view.result(i))));
      continue;
    }
    std::vector<Box> taken;
    std::copy_if(all.begin(), all.end(), std::back_inserter(taken),
                 [&](const Box& box) { return takes(image, box); });
    if (!taken.empty())
      ratio.add(image.image, measure.share(case_of(image, taken, view.result(i))));
  }
}

/// The peak in the mask's pixels.
std::optional<Point> peak_in(const Mask& mask, const std::optional<Point>& peak,
                             const ImageSize& frame) {
  if (!peak) return std::nullopt;
  return Point{peak->x * static_cast<double>(mask.width()) / static_cast<double>(frame.width),
               peak->y * static_cast<double>(mask.height()) / static_cast<double>(frame.height)};
}

Fraction mask_share(const MaskMeasure& measure, const LocalizedImage& image, const Mask& truth,
                    const FindingLocalization& result) {
  const Mask none(truth.width(), truth.height());
  return measure.share(
      {truth, result.mask ? *result.mask : none, peak_in(truth, result.peak, image.frame)});
}

void add_masks(RatioOfSums& ratio, const MaskMeasure& measure, const MethodView& view,
               const std::function<bool(const LocalizedImage&)>& takes) {
  for (std::size_t i = 0; i < view.joined().localized().size(); ++i) {
    const LocalizedImage& image = view.joined().localized()[i];
    if (!image.segmented || (takes && !takes(image))) continue;
    const std::optional<Mask>& truth = image.masks[view.finding()];
    const Mask none(image.segmented->width, image.segmented->height);
    ratio.add(image.image, mask_share(measure, image, truth ? *truth : none, view.result(i)));
  }
}

bool applies(const MaskMeasure& measure, const LocalizationMethod& method, bool with_peaks) {
  return measure.name == "hit_rate" ? with_peaks : method.draws_masks;
}

/// Images that have a box of the finding, and those without the finding.
std::vector<DetectionCase> detection_cases(const MethodView& view, Overlap overlap) {
  std::vector<DetectionCase> cases;
  for (std::size_t i = 0; i < view.joined().localized().size(); ++i) {
    const LocalizedImage& image = view.joined().localized()[i];
    const std::vector<Box>& truth = image.truth[view.finding()];
    if (truth.empty() && image.presence[view.finding()] != Presence::absent) continue;
    cases.push_back(detection_case(image.image, view.result(i).boxes, truth, overlap));
  }
  return cases;
}

std::shared_ptr<const FreeResponse> free_response_of(const MethodView& view) {
  std::vector<FreeResponseCase> cases;
  for (const DetectionCase& image : detection_cases(view, kMarkOverlap))
    cases.push_back(free_response_case(image, kMarkThreshold));
  return std::make_shared<const FreeResponse>(cases);
}

void add_detection(const MethodView& view, std::vector<NamedStatistic>& statistics) {
  const std::vector<DetectionCase> cases = detection_cases(view, Overlap::iou);
  std::map<double, std::shared_ptr<const MatchedDetections>> matched;
  for (const DetectionMeasure& measure : detection_measures()) {
    auto& detections = matched[measure.threshold];
    if (!detections)
      detections = std::make_shared<const MatchedDetections>(cases, measure.threshold);
    statistics.push_back(
        {measure.name, [detections, value = measure.value](std::span<const double> weights) {
           return value(*detections, weights);
         }});
  }
  const std::shared_ptr<const FreeResponse> marks = free_response_of(view);
  for (const FreeResponseMeasure& measure : free_response_measures())
    statistics.push_back(
        {measure.name, [marks, value = measure.value](std::span<const double> weights) {
           return value(*marks, weights);
         }});
}

}  // namespace

std::vector<NamedStatistic> classification_statistics(std::shared_ptr<const Ranking> ranking,
                                                      double threshold) {
  std::vector<NamedStatistic> statistics;
  for (const ClassificationMeasure& measure : classification_measures())
    statistics.push_back(
        {measure.name, [ranking, value = measure.value](std::span<const double> weights) {
           return value(*ranking, weights);
         }});
  for (const ThresholdMeasure& measure : threshold_measures())
    statistics.push_back({measure.name, [ranking, threshold,
                                         value = measure.value](std::span<const double> weights) {
                            return value(confusion_at(*ranking, threshold, weights));
                          }});
  return statistics;
}

std::vector<NamedStatistic> brief_classification_statistics(
    std::shared_ptr<const Ranking> ranking) {
  std::vector<NamedStatistic> statistics;
  for (const ClassificationMeasure& measure : classification_measures())
    if (measure.name == "auroc")
      statistics.push_back(
          {measure.name, [ranking, value = measure.value](std::span<const double> weights) {
             return value(*ranking, weights);
           }});
  return statistics;
}

std::vector<NamedStatistic> localization_statistics(const MethodView& view) {
  const bool with_peaks = points(view.method());
  std::vector<NamedStatistic> statistics;
  if (view.joined().boxes_of(view.finding()) > 0) {
    for (const LocalizationMeasure& measure : localization_measures()) {
      if (!applies(measure, view.method(), with_peaks)) continue;
      RatioOfSums ratio;
      add_boxes(ratio, measure, view, nullptr);
      statistics.push_back(statistic_of(measure.name, std::move(ratio)));
    }
    if (view.method().draws_boxes) add_detection(view, statistics);
  }
  if (view.joined().masks_of(view.finding()) > 0)
    for (const MaskMeasure& measure : mask_measures()) {
      if (!applies(measure, view.method(), with_peaks)) continue;
      RatioOfSums ratio;
      add_masks(ratio, measure, view, nullptr);
      statistics.push_back(statistic_of(measure.name, std::move(ratio)));
    }
  return statistics;
}

std::vector<NamedStatistic> brief_localization_statistics(
    std::span<const MethodView> views, const TakesBox& takes,
    const std::function<bool(const LocalizedImage&)>& takes_image) {
  std::vector<NamedStatistic> statistics;
  if (views.empty()) return statistics;
  const LocalizationMethod& method = views.front().method();
  const bool with_peaks = points(method);
  for (const LocalizationMeasure& measure : localization_measures()) {
    if (!is_brief(measure.name) || !applies(measure, method, with_peaks)) continue;
    RatioOfSums ratio;
    for (const MethodView& view : views) add_boxes(ratio, measure, view, takes);
    statistics.push_back(statistic_of(measure.name, std::move(ratio)));
  }
  const bool with_masks = std::any_of(views.begin(), views.end(), [](const MethodView& view) {
    return view.joined().masks_of(view.finding()) > 0;
  });
  for (const MaskMeasure& measure : mask_measures()) {
    if (!with_masks || !is_brief(measure.name) || !applies(measure, method, with_peaks)) continue;
    RatioOfSums ratio;
    for (const MethodView& view : views) add_masks(ratio, measure, view, takes_image);
    statistics.push_back(statistic_of(measure.name, std::move(ratio)));
  }
  return statistics;
}

std::vector<FrocPoint> froc_of(const MethodView& view, std::size_t most_points) {
  if (!view.method().draws_boxes || view.joined().boxes_of(view.finding()) == 0) return {};
  return froc_curve(*free_response_of(view), most_points);
}

ImageScores image_scores(const MethodView& view, std::size_t localized) {
  const LocalizedImage& image = view.joined().localized()[localized];
  const std::vector<Box>& truth = image.truth[view.finding()];
  const FindingLocalization& result = view.result(localized);
  const LocalizationCase boxes = case_of(image, truth, result);
  ImageScores scores;
  scores.subject = view.method().name;
  scores.record = image.record;
  scores.finding = view.joined().findings()[view.finding()].name;
  scores.boxes = truth.size();
  if (view.method().draws_boxes) {
    scores.detected = result.boxes.size();
    const Fraction best = mean_iou(boxes);
    if (best.denominator > 0.0) scores.best_iou = best.numerator / best.denominator;
  }
  if (result.peak && !truth.empty()) scores.pointing = pointing_game(boxes).numerator > 0.0;
  const std::optional<Mask>& mask = image.masks[view.finding()];
  if (view.method().draws_masks && mask)
    scores.mask_iou = result.mask ? iou(*mask, *result.mask) : 0.0;
  return scores;
}

}  // namespace chestmap
