#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/csv.h"
#include "base/error.h"
#include "base/log.h"
#include "cli/box_rules.h"
#include "cli/commands.h"
#include "cli/fitting.h"
#include "cli/torch_program.h"
#include "localize/map_methods.h"
#include "metrics/threshold_fit.h"
#include "metrics/threshold_measures.h"
#include "weights/calibration.h"
#include "weights/model_spec.h"
#include "weights/safetensors.h"

namespace chestmap {

namespace {

constexpr std::string_view kSensitivity = "sensitivity=";

/// Throws UserError for a method that is none.
void check_method(const std::string& method) {
  const std::vector<std::string> plain = {"youden", "f1", kAreaPrior};
  if (std::find(plain.begin(), plain.end(), method) != plain.end()) return;
  if (method.starts_with(kSensitivity)) {
    const auto wanted = parse_number(method.substr(kSensitivity.size()));
    if (wanted && *wanted > 0.0 && *wanted <= 1.0) return;
    throw UserError(fmt::format("--method: \"{}\" names no sensitivity", method),
                    "a number above 0 and up to 1 was expected, e.g. sensitivity=0.9");
  }
  throw UserError(fmt::format("--method: \"{}\" is unknown", method),
                  "known: youden, f1, sensitivity=0.9 (or another), area-prior");
}

std::optional<double> threshold_of(const std::string& method, const Ranking& ranking) {
  if (ranking.positives() == 0 || ranking.negatives() == 0) return std::nullopt;
  if (method == "youden") return youden_threshold(ranking);
  if (method == "f1") return best_f1_threshold(ranking);
  return threshold_at_sensitivity(ranking,
                                  parse_number(method.substr(kSensitivity.size())).value());
}

std::string cell(const std::optional<double>& value) {
  return value ? fmt::format("{:.3f}", *value) : "-";
}

int fit_probabilities(FitJob& job) {
  const std::vector<std::vector<ScoredLabel>> logits = scored_logits(job);
  check_labels(job, logits);
  ModelSpec spec = job.backend->spec();
  spec.thresholds = Thresholds{job.fit, {}};
  fmt::print("{:<22}{:>9}{:>9}{:>11}{:>13}{:>13}\n", "finding", "positive", "negative", "threshold",
             "sensitivity", "specificity");
  for (std::size_t f = 0; f < logits.size(); ++f) {
    std::vector<ScoredLabel> images = logits[f];
    // In single precision, as they are written and compared.
    for (ScoredLabel& image : images)
      image.score = static_cast<double>(static_cast<float>(probability_of(spec, f, image.score)));
    const Ranking ranking(images);
    const std::optional<double> threshold = threshold_of(job.fit.method, ranking);
    spec.thresholds->probabilities.push_back(threshold);
    fmt::print("{:<22}{:>9}{:>9}{:>11}", spec.findings[f], ranking.positives(), ranking.negatives(),
               threshold ? fmt::format("{:.5f}", *threshold) : "-");
    if (threshold) {
      const Confusion counts = confusion_at(ranking, *threshold);
      fmt::print("{:>13}{:>13}", cell(sensitivity(counts)), cell(specificity(counts)));
    }
    fmt::print("\n");
  }
  rewrite_model(job.file, spec);
  return 0;
}

int fit_box_levels(FitJob& job) {
  ModelSpec spec = job.backend->spec();
  const std::string own = own_map_name(spec);
  const auto stored = spec.box_rules.find(own);
  if (stored == spec.box_rules.end())
    throw UserError(job.file.string() + " holds no expected box areas",
                    "a model that `chestmap train` has finished has them, from boxes.area_prior");
  std::vector<double> areas;
  for (const BoxRuleSpec& rule : stored->second) areas.push_back(rule.area);
  spec.box_rules = fitted_box_rules(*job.backend, job.dataset, job.split.records,
                                    stored->second.front().rule, areas);
  spec.box_levels = job.fit;
  spec.box_rule_provenance = box_rule_provenance(job.fit);
  fmt::print("{:<22}{:>15}{:>9}\n", "finding", "expected area", "level");
  for (std::size_t f = 0; f < areas.size(); ++f) {
    const BoxRuleSpec& rule = spec.box_rules.at(own)[f];
    fmt::print("{:<22}{:>15.4f}{:>9}\n", spec.findings[f], rule.area,
               rule.fitted ? fmt::format("{:.2f}", rule.fraction) : "-");
  }
  rewrite_model(job.file, spec);
  return 0;
}

/// Levels are fitted to maps of gradients, too, where the model's boxes are drawn at a level.
bool fits_gradient_maps(const FitArguments& arguments) {
  if (arguments.method != kAreaPrior) return false;
  const std::filesystem::path file = model_file(arguments);
  const ModelSpec spec = ModelSpec::from_metadata(SafetensorsFile(file).metadata(), file);
  const auto stored = spec.box_rules.find(own_map_name(spec));
  return stored != spec.box_rules.end() && stored->second.front().rule == kMedianPeak;
}

int fit_thresholds_command(const FitArguments& arguments) {
  check_method(arguments.method);
  if (needs_torch(arguments.backend, fits_gradient_maps(arguments))) return become_torch_program();
  FitJob job = start_fit(arguments);
  const int code = arguments.method == kAreaPrior ? fit_box_levels(job) : fit_probabilities(job);
  note("fitted by {} on {} images of the {} split: {}", job.fit.method, job.fit.images,
       job.fit.split, job.file.string());
  return code;
}

}  // namespace

void add_fit_thresholds_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<FitArguments>();
  CLI::App* command = app.add_subcommand(
      "fit-thresholds", "Fit from which probability on a finding counts as seen, or box levels");
  command->footer("Example:\n  chestmap fit-thresholds runs/first --data nih --method youden");
  add_fit_options(*command, *arguments);
  command
      ->add_option("--method", arguments->method,
                   "youden (sensitivity + specificity), f1, sensitivity=0.9 (the highest threshold "
                   "that reaches it), or area-prior (the maps' levels, to expected box areas)")
      ->required();
  command->callback([arguments, &action] {
    action = [arguments] { return fit_thresholds_command(*arguments); };
  });
}

}  // namespace chestmap
