#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "cli/backend_arguments.h"
#include "cli/commands.h"
#include "cli/data_option.h"
#include "cli/provenance_file.h"
#include "cli/run_split.h"
#include "cli/shared_images.h"
#include "cli/torch_program.h"
#include "data/readers.h"
#include "data/skipped.h"
#include "evaluate/controls.h"
#include "evaluate/evaluation.h"
#include "evaluate/evaluation_csv.h"
#include "evaluate/evaluation_json.h"
#include "evaluate/evaluation_table.h"
#include "evaluate/predictions.h"
#include "image/codec.h"
#include "localize/localizer.h"
#include "localize/map_file.h"
#include "localize/map_methods.h"
#include "localize/run_over.h"
#include "weights/calibration.h"

namespace chestmap {

namespace {

/// Share of unreadable images above which the figures would be of another data set.
constexpr double kMostSkipped = 0.05;

struct Arguments {
  std::filesystem::path run;
  std::vector<std::filesystem::path> data;
  std::filesystem::path out;
  std::string split = "test";
  BackendArguments backend;
  std::size_t resamples = 1000;
  std::uint64_t seed = 0;
  bool json = false;
  bool maps = false;
  bool baselines = false;
  bool oracle = false;
  bool normals = false;
};

/// Why figures on the split are those of an oracle; a UserError where that was not asked for.
std::vector<std::string> judge_oracle(const Arguments& arguments, const ModelSpec& spec,
                                      const RunSplit& split) {
  std::vector<std::string> reasons = oracle_reasons(spec, split);
  if (!reasons.empty() && !arguments.oracle)
    throw UserError(
        fmt::format("{}: {}; figures on it say too much",
                    (arguments.run / "model.safetensors").string(), fmt::join(reasons, "; ")),
        "evaluate another split, or add --oracle: every table will say ORACLE");
  return reasons;
}

/// A method of localization under evaluation: maps of one kind, boxed by one rule.
struct Tried {
  std::size_t map_method = 0;
  std::vector<BoxRule> rules;  // a finding
  LocalizationMethod result;
};

/// The model's own maps under its own box rule, and with baselines all others.
std::vector<Tried> tried_methods(const std::vector<MapMethod>& methods, const ModelSpec& spec,
                                 bool baselines) {
  std::vector<Tried> tried;
  for (std::size_t m = 0; m < methods.size(); ++m) {
    Tried one;
    one.map_method = m;
    one.result.name = methods[m].name;
    for (std::size_t f = 0; f < spec.findings.size(); ++f)
      one.rules.push_back(box_rule(spec, methods[m].name, f));
    tried.push_back(std::move(one));
  }
  if (!baselines) return tried;
  // The model's own maps again, boxed by the other rules.
  Tried other = tried.front();
  const bool by_area = other.rules.front().kind == BoxRule::Kind::expected_area;
  for (BoxRule& rule : other.rules)
    rule.kind = by_area ? BoxRule::Kind::median_peak : BoxRule::Kind::expected_area;
  other.result.name += by_area ? ", boxes at the fitted level" : ", boxes of the expected area";
  tried.push_back(std::move(other));
  Tried wang = tried.front();
  for (BoxRule& rule : wang.rules) rule.kind = BoxRule::Kind::wang;
  wang.result.name += ", boxes by Wang's rule";
  tried.push_back(std::move(wang));
  return tried;
}

MapView view_of(const ImageF& map, const ImageSize& frame) {
  return {map.pixels().data(), map.width(), map.height(), static_cast<double>(frame.width),
          static_cast<double>(frame.height)};
}

struct Scored {
  Predictions predictions;
  std::vector<std::size_t> localized;
  std::vector<LocalizationMethod> methods;
  std::vector<Skipped> skipped;
};

Scored run_model(const Arguments& arguments, Backend& backend, const Dataset& dataset,
                 const std::vector<std::size_t>& records) {
  const ModelSpec& spec = backend.spec();
  std::vector<MapMethod> methods = map_methods(backend);
  if (!arguments.baselines) methods.resize(1);
  std::vector<Tried> tried = tried_methods(methods, spec, arguments.baselines);
  Scored scored;
  scored.predictions.findings = FindingList(spec.findings);
  const auto resolution = static_cast<std::size_t>(spec.input_size);
  const auto visit = [&](std::size_t index, const ImageF& image, const Inference& inference) {
    scored.predictions.records.push_back(index);
    for (std::size_t f = 0; f < spec.findings.size(); ++f)
      scored.predictions.probabilities.push_back(
          static_cast<float>(probability_of(spec, f, static_cast<double>(inference.logits[f]))));
    const Record& record = dataset.records[index];
    const bool boxed = !record.boxes.empty();
    if (!boxed && !arguments.normals) return;
    scored.localized.push_back(index);
    MapSource source(backend, image, inference);
    for (std::size_t f = 0; f < spec.findings.size(); ++f) {
      std::vector<ImageF> maps;
      for (const MapMethod& method : methods) maps.push_back(method.map(source, f, resolution));
      // An increasing scale of its values changes no peak and no box of a map, only their scores.
      maps.front() = calibrated_map(spec, f, std::move(maps.front()));
      for (Tried& one : tried) {
        const MapView view = view_of(maps[one.map_method], record.frame);
        one.result.results.push_back({peak_of_map(view), boxes_from_map(view, one.rules[f])});
      }
      if (arguments.maps && boxed)
        write_map(arguments.out / "maps" / map_file_name(record.image, spec.findings[f]), maps[0]);
    }
  };
  scored.skipped = run_over(backend, dataset, records, "evaluating", kMostSkipped, visit);
  for (Tried& one : tried) scored.methods.push_back(std::move(one.result));
  return scored;
}

void add_controls(Scored& scored, const Dataset& dataset, const ModelSpec& spec,
                  std::uint64_t seed) {
  const std::size_t findings = spec.findings.size();
  std::vector<BoxRule> rules;
  for (std::size_t f = 0; f < findings; ++f) rules.push_back(box_rule(spec, own_map_name(spec), f));
  scored.methods.push_back(random_map_control(dataset, scored.localized, rules, seed));
  scored.methods.push_back(centre_box_control(dataset, scored.localized, findings));
  scored.methods.push_back(
      median_box_control(dataset, scored.localized, scored.predictions.findings));
}

/// A classifier's operating points, where the model has some.
std::vector<double> thresholds_of(const ModelSpec& spec) {
  std::vector<double> thresholds(spec.findings.size(), 0.5);
  if (spec.thresholds)
    for (std::size_t f = 0; f < thresholds.size(); ++f)
      thresholds[f] = spec.thresholds->probabilities[f].value_or(thresholds[f]);
  return thresholds;
}

Subjects subjects_of(Scored& scored, const ModelSpec& spec) {
  Subjects subjects;
  subjects.findings = scored.predictions.findings;
  subjects.classifiers.push_back({"classifier", scored.predictions, thresholds_of(spec)});
  if (!scored.localized.empty()) {
    subjects.localized = std::move(scored.localized);
    subjects.methods = std::move(scored.methods);
  }
  return subjects;
}

void write_results(const Arguments& arguments, const Dataset& dataset, const ModelSpec& spec,
                   const Predictions& predictions, const Evaluation& evaluation,
                   const std::string& json) {
  write_file(arguments.out / "evaluation.json", json);
  write_file(arguments.out / "predictions.csv", predictions_csv(dataset, predictions));
  write_file(arguments.out / "summary.csv", summary_csv(evaluation));
  write_file(arguments.out / "per_image.csv", per_image_csv(dataset, evaluation));
  write_file(arguments.out / "per_resample.csv", per_resample_csv(evaluation));
  const PredictionProvenance provenance{
      spec.findings, spec.thresholds, spec.calibration, spec.box_levels,
      spec.alignment ? std::optional(spec.alignment->fit) : std::nullopt};
  if (provenance.empty()) return;
  write_provenance(arguments.out / "predictions.csv", provenance);
  if (arguments.maps) write_provenance(arguments.out / "maps", provenance);
}

int evaluate_command(const Arguments& given) {
  if (needs_torch(given.backend, given.baselines)) return become_torch_program();
  Arguments arguments = given;
  if (arguments.out.empty()) arguments.out = arguments.run / ("evaluation-" + arguments.split);
  const Dataset dataset = read_datasets(arguments.data);
  const RunSplit split = read_run_split(arguments.run, arguments.split, dataset);
  const auto backend = make_backend(arguments.run / "model.safetensors", arguments.backend);
  const std::vector<std::string> oracle = judge_oracle(arguments, backend->spec(), split);
  warn_of_shared_images((arguments.run / "model.safetensors").string(), fits_of(backend->spec()),
                        {dataset.name, split.name, split.fingerprint});
  Scored scored = run_model(arguments, *backend, dataset, split.records);
  add_controls(scored, dataset, backend->spec(), arguments.seed);

  EvaluationOptions options;
  options.split = arguments.split;
  options.oracle = oracle;
  options.program = "chestmap " CHESTMAP_VERSION;
  options.bootstrap.resamples = arguments.resamples;
  options.bootstrap.seed = arguments.seed;
  options.fingerprint = split.fingerprint;
  options.per_image = options.keep_resamples = true;
  if (!arguments.normals)
    options.not_computed.emplace_back(
        "false positives on images without a box: free-response measures are over the boxed images "
        "alone (--normals adds the others)");
  const Subjects subjects = subjects_of(scored, backend->spec());
  const Evaluation evaluation = evaluate(dataset, subjects, options);
  const std::string json = to_json(evaluation).dump(1) + "\n";
  write_results(arguments, dataset, backend->spec(), scored.predictions, evaluation, json);
  if (!scored.skipped.empty()) {
    write_skipped(arguments.out / "skipped.csv", scored.skipped);
    warn("{} images were set aside; {} names each", scored.skipped.size(),
         (arguments.out / "skipped.csv").string());
  }
  fmt::print("{}", arguments.json ? json : to_table(evaluation));
  note("written to {}", arguments.out.string());
  return 0;
}

}  // namespace

void add_evaluate_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "evaluate", "Score a trained model's classification and localization, controls beside it");
  command->footer("Example:\n  chestmap evaluate runs/first --data nih");
  command->add_option("run", arguments->run, "Run folder of `chestmap train`")->required();
  add_data_option(*command, arguments->data, "Data set folder")->required();
  command->add_option("--out", arguments->out, "Folder for the results (RUN/evaluation-SPLIT)");
  command->add_option("--split", arguments->split, "test, or the run's valid or train")
      ->check(CLI::IsMember(run_split_names()))
      ->capture_default_str();
  add_backend_options(*command, arguments->backend);
  command->add_option("--resamples", arguments->resamples, "Bootstrap resamples of the patients")
      ->check(CLI::Range(2, 1000000))
      ->capture_default_str();
  command->add_option("--seed", arguments->seed, "Of the resamples and the random map")
      ->capture_default_str();
  command->add_flag("--baselines", arguments->baselines,
                    "Beside the model's own map the other maps of its weights: CAM, Grad-CAM, "
                    "Grad-CAM++, LayerCAM, point scores, and other box rules");
  command->add_flag("--oracle", arguments->oracle,
                    "Allow the split that thresholds were fitted on; tables then say ORACLE");
  command->add_flag("--normals", arguments->normals,
                    "Localize images without a box too, for free-response measures; takes longer");
  command->add_flag("--maps", arguments->maps, "Also write the attention maps of boxed images");
  command->add_flag("--json", arguments->json, "Print evaluation.json instead of tables");
  command->callback(
      [arguments, &action] { action = [arguments] { return evaluate_command(*arguments); }; });
}

}  // namespace chestmap
