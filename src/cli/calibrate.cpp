#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/fitting.h"
#include "cli/torch_program.h"
#include "metrics/brier_score.h"
#include "metrics/calibration_error.h"
#include "metrics/isotonic_calibration.h"
#include "metrics/logistic_calibration.h"
#include "weights/calibration.h"

namespace chestmap {

namespace {

std::optional<FindingCalibration> logistic(const std::optional<LogisticCalibration>& fitted) {
  if (!fitted) return std::nullopt;
  return FindingCalibration{fitted->slope, fitted->offset, {}};
}

FindingCalibration isotonic(const std::vector<ScoredLabel>& logits) {
  FindingCalibration calibration;
  for (const IsotonicCalibration::Knot& knot : fit_isotonic(logits).knots)
    calibration.knots.push_back({knot.score, knot.probability});
  return calibration;
}

std::optional<FindingCalibration> fitted(const std::string& method,
                                         const std::vector<ScoredLabel>& logits) {
  const LabelNumbers numbers = count_labels(logits);
  if (numbers.positives == 0 || numbers.negatives == 0) return std::nullopt;
  if (method == "temperature") return logistic(fit_temperature(logits));
  if (method == "platt") return logistic(fit_platt(logits));
  return isotonic(logits);
}

Ranking probabilities(const ModelSpec& spec, std::size_t finding, std::vector<ScoredLabel> images) {
  for (ScoredLabel& image : images) image.score = probability_of(spec, finding, image.score);
  return Ranking(images);
}

std::string cell(const std::optional<double>& value) {
  return value ? fmt::format("{:.4f}", *value) : "-";
}

/// How far probabilities were from the labels before and after, on the images of the fit: for a
/// look at what was done, not a result.
void print_change(const ModelSpec& before, const ModelSpec& after,
                  const std::vector<std::vector<ScoredLabel>>& logits) {
  fmt::print("{:<22}{:>9}{:>9}  {:<18}  {:<18}\n", "finding", "positive", "negative", "Brier score",
             "calibration error");
  for (std::size_t f = 0; f < logits.size(); ++f) {
    const LabelNumbers numbers = count_labels(logits[f]);
    fmt::print("{:<22}{:>9}{:>9}", after.findings[f], numbers.positives, numbers.negatives);
    if (after.calibration->findings[f]) {
      const Ranking old_ones = probabilities(before, f, logits[f]);
      const Ranking new_ones = probabilities(after, f, logits[f]);
      fmt::print("  {} -> {}  {} -> {}\n", cell(brier_score(old_ones)), cell(brier_score(new_ones)),
                 cell(expected_calibration_error(old_ones)),
                 cell(expected_calibration_error(new_ones)));
    } else {
      fmt::print("  not calibrated\n");
    }
  }
}

int calibrate_command(const FitArguments& arguments) {
  if (needs_torch(arguments.backend, false)) return become_torch_program();
  FitJob job = start_fit(arguments);
  const std::vector<std::vector<ScoredLabel>> logits = scored_logits(job);
  check_labels(job, logits);
  const ModelSpec before = job.backend->spec();
  ModelSpec spec = before;
  spec.calibration = Calibration{job.fit, {}};
  std::vector<std::string> failed;
  for (std::size_t f = 0; f < logits.size(); ++f) {
    spec.calibration->findings.push_back(fitted(arguments.method, logits[f]));
    const LabelNumbers numbers = count_labels(logits[f]);
    if (!spec.calibration->findings.back() && numbers.positives > 0 && numbers.negatives > 0)
      failed.push_back(spec.findings[f]);
  }
  const auto& all = spec.calibration->findings;
  if (std::none_of(all.begin(), all.end(), [](const auto& one) { return one.has_value(); }))
    throw UserError(
        fmt::format("no finding can be calibrated by {} on the {} images of the split \"{}\": the "
                    "logits separate the labels without error or rank them no better than chance",
                    job.fit.method, job.fit.images, job.split.name),
        "name a larger --split, or take --method isotonic");
  if (!failed.empty())
    warn(
        "not calibrated, since the logits separate the split's labels without error or rank them "
        "no better than chance: {}",
        fmt::join(failed, ", "));
  if (spec.thresholds) {
    spec.thresholds.reset();
    warn(
        "the model's thresholds were of its former probabilities and are gone; run `chestmap "
        "fit-thresholds` again");
  }
  rewrite_model(job.file, spec);
  print_change(before, spec, logits);
  note("calibrated by {} on {} images of the {} split: {}", job.fit.method, job.fit.images,
       job.fit.split, job.file.string());
  return 0;
}

}  // namespace

void add_calibrate_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<FitArguments>();
  CLI::App* command =
      app.add_subcommand("calibrate", "Fit a model's probabilities to the labels of a split");
  command->footer("Example:\n  chestmap calibrate runs/first --data nih --method platt");
  add_fit_options(*command, *arguments);
  command
      ->add_option("--method", arguments->method,
                   "temperature (one factor of the logit), platt (factor and shift) or isotonic "
                   "(any rising curve)")
      ->required()
      ->check(CLI::IsMember({"temperature", "platt", "isotonic"}));
  command->callback(
      [arguments, &action] { action = [arguments] { return calibrate_command(*arguments); }; });
}

}  // namespace chestmap
