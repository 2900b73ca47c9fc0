#include "evaluate/evaluation_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "metrics/measures.h"

namespace chestmap {

namespace {

constexpr std::size_t kNameWidth = 26;
constexpr std::size_t kCellWidth = 20;

std::string cell(const std::vector<MeasureValue>& values, std::string_view measure) {
  const auto found = std::find_if(values.begin(), values.end(), [&](const MeasureValue& value) {
    return value.measure == measure;
  });
  if (found == values.end() || !found->estimate) return "-";
  const Estimate& estimate = *found->estimate;
  if (!estimate.interval) return fmt::format("{:.3f}", estimate.value);
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", estimate.value, estimate.interval->low,
                     estimate.interval->high);
}

std::string line(std::string_view name, std::string_view count,
                 const std::vector<std::string>& cells) {
  std::string text = fmt::format("  {:<{}}{:>9}", name, kNameWidth, count);
  for (const std::string& content : cells) text += fmt::format("  {:<{}}", content, kCellWidth);
  text.erase(text.find_last_not_of(' ') + 1);
  return text + '\n';
}

std::vector<std::string> cells_of(const std::vector<MeasureValue>& values,
                                  const std::vector<std::string>& measures) {
  std::vector<std::string> cells;
  cells.reserve(measures.size());
  for (const std::string& measure : measures) cells.push_back(cell(values, measure));
  return cells;
}

std::string classification_table(const Evaluation& evaluation) {
  std::vector<std::string> names;
  std::vector<std::string> titles;
  for (const ClassificationMeasure& measure : classification_measures()) {
    names.push_back(measure.name);
    titles.push_back(measure.title);
  }
  std::string text =
      fmt::format("Classification, {} split of {}: {} images of {} patients\n", evaluation.split,
                  evaluation.data, evaluation.images, evaluation.patients);
  text += line("finding", "positive", titles);
  for (const ClassificationScores& scores : evaluation.classification)
    text +=
        line(scores.finding, fmt::format("{}", scores.positives), cells_of(scores.measures, names));
  return text + line("mean", "", cells_of(evaluation.classification_mean, names));
}

std::string method_table(const MethodScores& method) {
  const std::vector<std::string> names = {"pointing", "iou.0.1", "iou.0.3", "iou.0.5"};
  std::string text = method.method;
  if (method.is_control) text += " (control: never sees the image)";
  if (method.uses_boxes) text += " (uses radiologists' boxes)";
  text += '\n';
  text += line("finding", "boxes", {"pointing game", "T(IoU) .1", "T(IoU) .3", "T(IoU) .5"});
  for (const LocalizationScores& scores : method.findings)
    text += line(scores.finding, fmt::format("{}", scores.boxes), cells_of(scores.measures, names));
  text += line("mean", "", cells_of(method.mean, names));
  return text +
         line("mean without Cardiomegaly", "", cells_of(method.mean_without_cardiomegaly, names));
}

}  // namespace

std::string to_table(const Evaluation& evaluation) {
  std::string text;
  const auto is_labelled = [](const ClassificationScores& scores) {
    return scores.positives + scores.negatives > 0;
  };
  if (std::any_of(evaluation.classification.begin(), evaluation.classification.end(), is_labelled))
    text += classification_table(evaluation);
  if (!evaluation.localization.empty())
    text += fmt::format("\nLocalization: {} boxes on {} images\n", evaluation.boxes,
                        evaluation.boxed_images);
  for (const MethodScores& method : evaluation.localization) text += '\n' + method_table(method);
  return text + fmt::format("\nIntervals: 95%, {} resamples of patients. Research use only.\n",
                            evaluation.bootstrap.resamples);
}

}  // namespace chestmap
