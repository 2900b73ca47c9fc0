#include "evaluate/strata_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "evaluate/oracle.h"
#include "evaluate/table_text.h"

namespace chestmap {

namespace {

constexpr std::array<std::pair<const char*, const char*>, 5> kMeasures = {
    {{"auroc", "AUROC"},
     {"pointing", "pointing game"},
     {"iou.0.1", "T(IoU) .1"},
     {"iou.0.3", "T(IoU) .3"},
     {"mask_iou", "mIoU of masks"}}};

constexpr std::array<const char*, 6> kCompared = {"auroc",   "pointing", "iou.0.1",
                                                  "iou.0.3", "wafroc",   "mask_iou"};

bool is_control(const Evaluation& evaluation, const std::string& subject) {
  return std::any_of(
      evaluation.localization.begin(), evaluation.localization.end(),
      [&](const MethodScores& method) { return method.is_control && method.method == subject; });
}

std::string p_text(const std::optional<double>& p) {
  if (!p) return "-";
  return *p < 0.0001 ? "<0.0001" : fmt::format("{:.4f}", *p);
}

}  // namespace

std::string strata_table(const Evaluation& evaluation) {
  std::string text;
  std::string subject;
  for (const StratumScores& stratum : evaluation.strata) {
    if (is_control(evaluation, stratum.subject)) continue;
    const std::string heading = fmt::format("\n{}, {}\n", marked(evaluation, stratum.subject),
                                            stratum.classifies ? "classification" : "localization");
    if (heading != subject) text += heading;
    subject = heading;
    // By size the findings are not the same in every stratum, so that their means do not compare.
    const std::vector<MeasureValue>& values = stratum.by == "size" ? stratum.pooled : stratum.mean;
    std::string cells;
    for (const auto& [measure, title] : kMeasures)
      if (find_measure(values, measure) != nullptr)
        cells += fmt::format("   {} {}", title, measure_cell(values, measure));
    text += fmt::format("  {:<16}{}\n", stratum.by + " " + stratum.stratum, cells);
  }
  if (text.empty()) return text;
  return "\nBy stratum: means over the findings; by size, over the boxes of all findings" +
         (evaluation.size_limits.size() == 2
              ? fmt::format(" (small: up to {:.4f} of the frame's area, medium: up to {:.4f})",
                            evaluation.size_limits[0], evaluation.size_limits[1])
              : std::string()) +
         '\n' + text;
}

std::string comparison_table(const Evaluation& evaluation) {
  std::string text;
  std::string group;
  for (const Comparison& comparison : evaluation.comparisons) {
    if (std::find(kCompared.begin(), kCompared.end(), comparison.measure) == kCompared.end())
      continue;
    const std::string heading = fmt::format("\n{} less {}: {}\n", marked(evaluation, comparison.a),
                                            marked(evaluation, comparison.b), comparison.measure);
    if (heading != group) {
      group = heading;
      text += heading + table_line("finding", "", {"difference", "p", "p, Holm", "p, DeLong"});
    }
    text +=
        table_line(comparison.finding == "mean_without_cardiomegaly" ? "mean without Cardiomegaly"
                                                                     : comparison.finding,
                   "",
                   {estimate_cell(comparison.difference), p_text(comparison.p),
                    p_text(comparison.p_holm), p_text(comparison.p_delong)});
  }
  if (text.empty()) return text;
  return "\nDifferences, paired by resample; Holm's adjustment is over the findings\n" + text;
}

}  // namespace chestmap
