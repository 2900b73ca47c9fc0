#include "evaluate/subject_statistics.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "metrics/auroc.h"
#include "metrics/detection_case.h"
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

/// Ratios of sums, each by its name.
class Ratios {
 public:
  void add(std::string name, RatioOfSums ratio) {
    names_.push_back(std::move(name));
    ratios_.push_back(std::move(ratio));
  }
  [[nodiscard]] NamedStatistics statistics() && {
    return {std::move(names_), [ratios = std::move(ratios_)](std::span<const double> weights) {
              std::vector<std::optional<double>> values;
              values.reserve(ratios.size());
              for (const RatioOfSums& ratio : ratios) values.push_back(ratio.value(weights));
              return values;
            }};
  }

 private:
  std::vector<std::string> names_;
  std::vector<RatioOfSums> ratios_;
};

template <typename Measure>
std::vector<std::string> names_of(const std::vector<Measure>& measures) {
  std::vector<std::string> names;
  for (const Measure& measure : measures) names.push_back(measure.name);
  return names;
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
  for (const std::size_t i : view.joined().drawn()) {
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
  for (const std::size_t i : view.joined().drawn()) {
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

NamedStatistics detection_statistics(const MethodView& view) {
  const std::vector<DetectionMeasure> measures = detection_measures();
  std::vector<double> thresholds;
  for (const DetectionMeasure& measure : measures) thresholds.push_back(measure.threshold);
  const auto detections =
      std::make_shared<const MatchedDetections>(detection_cases(view, Overlap::iou), thresholds);
  return {names_of(measures), [detections, measures](std::span<const double> weights) {
            const std::vector<MatchedWeights> matched = detections->weighed(weights);
            std::vector<std::optional<double>> values;
            for (std::size_t i = 0; i < measures.size(); ++i)
              values.push_back(measures[i].value(matched[i]));
            return values;
          }};
}

NamedStatistics free_response_statistics(std::shared_ptr<const FreeResponse> marks) {
  const std::vector<FreeResponseMeasure> measures = free_response_measures();
  return {names_of(measures),
          [response = std::move(marks), measures](std::span<const double> weights) {
            const WeighedMarks weighed = response->weighed(weights);
            std::vector<std::optional<double>> values;
            for (const FreeResponseMeasure& measure : measures)
              values.push_back(measure.value(weighed));
            return values;
          }};
}

}  // namespace

std::vector<NamedStatistics> classification_statistics(
    const std::shared_ptr<const Ranking>& ranking, double threshold) {
  const std::vector<ClassificationMeasure> measures = classification_measures();
  const std::vector<ThresholdMeasure> at_threshold = threshold_measures();
  return {
      {names_of(measures),
       [ranking, measures](std::span<const double> weights) {
         std::vector<std::optional<double>> values;
         for (const ClassificationMeasure& measure : measures)
           values.push_back(measure.value(*ranking, weights));
         return values;
       }},
      {names_of(at_threshold), [ranking, threshold, at_threshold](std::span<const double> weights) {
         const Confusion counts = confusion_at(*ranking, threshold, weights);
         std::vector<std::optional<double>> values;
         for (const ThresholdMeasure& measure : at_threshold)
           values.push_back(measure.value(counts));
         return values;
       }}};
}

std::vector<NamedStatistics> brief_classification_statistics(
    const std::shared_ptr<const Ranking>& ranking) {
  return {{{"auroc"}, [ranking](std::span<const double> weights) {
             return std::vector{auroc(*ranking, weights)};
           }}};
}

std::shared_ptr<const FreeResponse> free_response_of(const MethodView& view) {
  if (!view.method().draws_boxes || view.joined().boxes_of(view.finding()) == 0) return nullptr;
  std::vector<FreeResponseCase> cases;
  for (const DetectionCase& image : detection_cases(view, kMarkOverlap))
    cases.push_back(free_response_case(image, kMarkThreshold));
  return std::make_shared<const FreeResponse>(cases);
}

std::vector<NamedStatistics> localization_statistics(const MethodView& view,
                                                     std::shared_ptr<const FreeResponse> marks) {
  const bool with_peaks = points(view.method());
  std::vector<NamedStatistics> statistics;
  if (view.joined().boxes_of(view.finding()) > 0) {
    Ratios ratios;
    for (const LocalizationMeasure& measure : localization_measures()) {
      if (!applies(measure, view.method(), with_peaks)) continue;
      RatioOfSums ratio;
      add_boxes(ratio, measure, view, nullptr);
      ratios.add(measure.name, std::move(ratio));
    }
    statistics.push_back(std::move(ratios).statistics());
    if (view.method().draws_boxes) statistics.push_back(detection_statistics(view));
    if (marks) statistics.push_back(free_response_statistics(std::move(marks)));
  }
  if (view.joined().masks_of(view.finding()) > 0) {
    Ratios ratios;
    for (const MaskMeasure& measure : mask_measures()) {
      if (!applies(measure, view.method(), with_peaks)) continue;
      RatioOfSums ratio;
      add_masks(ratio, measure, view, nullptr);
      ratios.add(measure.name, std::move(ratio));
    }
    statistics.push_back(std::move(ratios).statistics());
  }
  return statistics;
}

std::vector<NamedStatistics> brief_localization_statistics(
    std::span<const MethodView> views, const TakesBox& takes,
    const std::function<bool(const LocalizedImage&)>& takes_image) {
  if (views.empty()) return {};
  const LocalizationMethod& method = views.front().method();
  const bool with_peaks = points(method);
  Ratios ratios;
  for (const LocalizationMeasure& measure : localization_measures()) {
    if (!is_brief(measure.name) || !applies(measure, method, with_peaks)) continue;
    RatioOfSums ratio;
    for (const MethodView& view : views) add_boxes(ratio, measure, view, takes);
    ratios.add(measure.name, std::move(ratio));
  }
  const bool with_masks = std::any_of(views.begin(), views.end(), [](const MethodView& view) {
    return view.joined().masks_of(view.finding()) > 0;
  });
  for (const MaskMeasure& measure : mask_measures()) {
    if (!with_masks || !is_brief(measure.name) || !applies(measure, method, with_peaks)) continue;
    RatioOfSums ratio;
    for (const MethodView& view : views) add_masks(ratio, measure, view, takes_image);
    ratios.add(measure.name, std::move(ratio));
  }
  std::vector<NamedStatistics> statistics;
  statistics.push_back(std::move(ratios).statistics());
  return statistics;
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
